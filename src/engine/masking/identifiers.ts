/**
 * The eighteen identifiers of 45 CFR 164.514(b)(2)(i), by the letter of their paragraph, as far as names of columns and forms of values
 * tell them; `text` is free text, which may hold any of them.
 */
export type IdentifierKind =
  | 'names'
  | 'places'
  | 'dates'
  | 'telephone'
  | 'e-mail'
  | 'social security'
  | 'record numbers'
  | 'accounts and policies'
  | 'licenses'
  | 'vehicles'
  | 'devices'
  | 'web addresses'
  | 'network addresses'
  | 'biometrics'
  | 'pictures'
  | 'other codes'
  | 'free text'

interface Identifier {
  readonly kind: IdentifierKind
  readonly paragraph: string
  /** The name of a column, its words parted by `_`. */
  readonly name?: RegExp
  /** A whole value. */
  readonly value?: RegExp
  /** Anywhere within a value. */
  readonly within?: RegExp
}

/** In the order in which a column that fits several is judged. */
export const identifiers: readonly Identifier[] = [
  {
    kind: 'e-mail',
    paragraph: 'F',
    name: /(^|_)(e_?mail|mail)(_|$)/,
    value: /^[^\s@]+@[^\s@]+\.[^\s@.]{2,}$/,
    within: /[\w.+-]+@[\w-]+\.[a-z]{2,}/i,
  },
  {
    kind: 'social security',
    paragraph: 'G',
    name: /(^|_)(ssn|social_security|sozialversicherung\w*|nhs|insee|bsn|personnummer|national_id)(_|$)/,
    value: /^\d{3}-\d{2}-\d{4}$/,
    within: /\b\d{3}-\d{2}-\d{4}\b/,
  },
  {
    kind: 'telephone',
    paragraph: 'D, E',
    name: /(^|_)(phone|telephone|tel|mobile|cell|fax|pager)(_|$)/,
    value: /^\+?(?=(?:\D*\d){8,15}\D*$)\(?\d[\d ()/.]*[-\d ()/.]*\d$/,
  },
  { kind: 'web addresses', paragraph: 'N', name: /(^|_)(url|website|homepage)(_|$)/, value: /^https?:\/\//i },
  {
    kind: 'network addresses',
    paragraph: 'O',
    name: /(^|_)(ip|ip_?addr(ess)?|mac|remote_addr)(_|$)/,
    value: /^\d{1,3}(\.\d{1,3}){3}(\/\d+)?$/,
    within: /\b\d{1,3}(\.\d{1,3}){3}\b/,
  },
  {
    kind: 'record numbers',
    paragraph: 'H',
    name: /(^|_)(mrn|medical_record\w*|record_(no|number)|patient_(no|number|code)|subject_(no|number|code)|chart_(no|number)|case_(no|number))(_|$)/,
  },
  {
    kind: 'accounts and policies',
    paragraph: 'I, J',
    name: /(^|_)(account|acct|iban|bic|card|insurance|policy|beneficiary|member_(no|number|id)|payer)(_(no|nr|num|number|id|code))?$/,
    value: /^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/,
  },
  { kind: 'licenses', paragraph: 'K', name: /(^|_)(licen[cs]e|certificate|passport|permit|dea|npi)(_|s$|$)/ },
  { kind: 'vehicles', paragraph: 'L', name: /(^|_)(vin|vehicle|number_plate|license_plate|plate)(_|$)/ },
  { kind: 'devices', paragraph: 'M', name: /(^|_)(device_(id|no|number|serial)|serial(_(no|number))?|imei|udi)(_|$)/ },
  { kind: 'biometrics', paragraph: 'P', name: /(^|_)(biometric\w*|fingerprint|voice_?print|retina|iris|dna|genome|signature)(_|$)/ },
  { kind: 'pictures', paragraph: 'Q', name: /(^|_)(photo|picture|portrait|face|selfie|avatar|image)(_|$)/ },
  {
    kind: 'names',
    paragraph: 'A',
    name: /(^|_)((first|last|family|given|middle|maiden|full|birth|sur|nick|fore)_?name|surname|firstname|lastname|initials|contact|guardian|relative|next_of_kin|signed_by|performed_by|physician|doctor|nurse)(_|$)|^name$/,
    value: /^\p{Lu}[\p{Ll}’']+(?:[ -]\p{Lu}[\p{L}’'.]*){1,3}$/u,
  },
  {
    kind: 'places',
    paragraph: 'B',
    name: /(^|_)(address|addr|street|city|town|county|zip|zipcode|postcode|postal(_code)?|latitude|longitude|lat|lon|lng|geo\w*)(_|$)/,
  },
  {
    kind: 'dates',
    paragraph: 'C',
    name: /(^|_)(dob|born(_on)?|birth_?(date|day)|date_of_\w+|died(_on)?|death_?date|admitted\w*|discharged?\w*)(_|$)/,
  },
  {
    kind: 'free text',
    paragraph: 'A-R',
    name: /(^|_)(notes?|comments?|remarks?|free_?text|narrative|description|history|anamnesis|findings|body|message|detail)(_|$)/,
  },
  {
    kind: 'other codes',
    paragraph: 'R',
    name: /(^|_)(user_?name|login|badge|employee_(no|number|id)|external_(id|ref)|token|study_(no|number))(_|$)/,
  },
]

/** `familyName`, `Family Name` and `FAMILY_NAME` are one name. */
export function wordsOfName(name: string): string {
  return name
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1_$2')
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .toLowerCase()
}
