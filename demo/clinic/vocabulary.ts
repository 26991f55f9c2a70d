// What the clinic speaks. The codes are LOINC's for the usual vital signs and laboratory values; the people are made up.

export const familyNames =
  'Albrecht Baptiste Castellanos Demir Eriksen Fontaine García Haddad Ivanova Jørgensen Kowalski Lindqvist Müller Nakamura Okafor Petrov Quispe Rossi Šimić Takahashi Uwase Vargas Wójcik Xu Yılmaz Zimmermann O’Brien Smith Nguyen Kaur Dlamini Hansen Novák Popescu Santos'.split(
    ' ',
  )

export const givenNames =
  'Ada Björn Chloé Daniel Elif Fatima Grace Hiro Ingrid José Katarzyna Liam Mei Noah Olga Paula Quentin Rosa Sanjay Tereza Ulrich Valentina Wei Ximena Yusuf Zoë André Beatriz Niamh Søren'.split(
    ' ',
  )

export const cities = 'Lyon Gdańsk Uppsala Zürich Porto Izmir Nairobi Osaka Lima Leipzig Córdoba Brno'.split(' ')
export const countries = ['FR', 'PL', 'SE', 'CH', 'PT', 'TR', 'KE', 'JP', 'PE', 'DE', 'AR', 'CZ'] as const
export const staffRoles = ['investigator', 'study nurse', 'coordinator', 'data manager', 'pharmacist'] as const
export const certificates = ['GCP E6(R3)', 'BLS', 'Phlebotomy', 'Radiation protection'] as const

interface Measure {
  readonly code: string
  readonly unit: string
  readonly mean: number
  readonly deviation: number
  readonly decimals: number
}

export const vitalSigns: readonly Measure[] = [
  { code: '8867-4', unit: '/min', mean: 74, deviation: 11, decimals: 0 },
  { code: '8480-6', unit: 'mm[Hg]', mean: 126, deviation: 14, decimals: 0 },
  { code: '8462-4', unit: 'mm[Hg]', mean: 79, deviation: 9, decimals: 0 },
  { code: '8310-5', unit: 'Cel', mean: 36.8, deviation: 0.4, decimals: 1 },
  { code: '9279-1', unit: '/min', mean: 16, deviation: 3, decimals: 0 },
  { code: '59408-5', unit: '%', mean: 97, deviation: 1.5, decimals: 0 },
  { code: '29463-7', unit: 'kg', mean: 76, deviation: 13, decimals: 1 },
  { code: '72514-3', unit: '{score}', mean: 2, deviation: 1.4, decimals: 0 },
  { code: '19935-6', unit: 'L', mean: 3.4, deviation: 0.7, decimals: 2 },
  { code: '8867-4', unit: '/min', mean: 76, deviation: 12, decimals: 0 },
]

export const laboratory: readonly (Measure & { readonly low: number; readonly high: number })[] = [
  { code: '718-7', unit: 'g/dL', mean: 13.8, deviation: 1.4, decimals: 1, low: 12, high: 16 },
  { code: '6690-2', unit: '10*3/uL', mean: 7.1, deviation: 2.1, decimals: 1, low: 4, high: 11 },
  { code: '777-3', unit: '10*3/uL', mean: 255, deviation: 60, decimals: 0, low: 150, high: 400 },
  { code: '2160-0', unit: 'mg/dL', mean: 0.95, deviation: 0.25, decimals: 2, low: 0.6, high: 1.3 },
  { code: '1742-6', unit: 'U/L', mean: 28, deviation: 14, decimals: 0, low: 7, high: 56 },
  { code: '2345-7', unit: 'mg/dL', mean: 97, deviation: 18, decimals: 0, low: 70, high: 110 },
  { code: '2951-2', unit: 'mmol/L', mean: 140, deviation: 3, decimals: 0, low: 135, high: 145 },
  { code: '4548-4', unit: '%', mean: 5.6, deviation: 0.8, decimals: 1, low: 4, high: 6.5 },
]

export const devices = ['monitor-A1', 'monitor-A2', 'monitor-B7', 'cuff-03', 'spirometer-2', 'scale-1'] as const

export const drugs = [
  ['metformin', '500 mg'],
  ['ramipril', '5 mg'],
  ['atorvastatin', '20 mg'],
  ['levothyroxine', '75 µg'],
  ['study drug LX-204 or placebo', '1 capsule'],
  ['salbutamol', '100 µg, two puffs'],
  ['omeprazole', '20 mg'],
  ['apixaban', '5 mg'],
] as const

export const times = ['{07:00}', '{08:00,20:00}', '{07:30,13:00,21:00}', '{22:00}'] as const

export const sentences = [
  'Subject attended the scheduled visit and was in good general condition.',
  'No adverse event since the last visit was reported.',
  'Mild headache on two days, resolved without treatment; not related to the study drug.',
  'Blood pressure measured seated after five minutes of rest, left arm.',
  'Adherence by capsule count within the expected range.',
  'Laboratory samples drawn and shipped on dry ice to the central laboratory.',
  'Concomitant medication reviewed; no change.',
  'ECG recorded; sinus rhythm, no clinically significant abnormality.',
  'Subject reported fatigue in the evenings, grade 1, continuing.',
  'Imaging performed according to the manual; quality sufficient for central reading.',
  'The informed consent form in its current version was explained and questions were answered.',
  'Next visit agreed; diary handed out.',
  'Respiratory sounds clear on both sides, no oedema.',
  'Dose reduced for one week after consultation with the medical monitor.',
] as const

export const studyTitles = [
  'LX-204 in moderate persistent asthma',
  'Once-daily against twice-daily dosing after myocardial infarction',
  'Early mobilisation in elderly patients with hip fracture',
  'Remote monitoring in type 2 diabetes',
  'Adaptive dosing of LX-311 in rheumatoid arthritis',
  'Non-inferiority of short-course antibiotics',
] as const
