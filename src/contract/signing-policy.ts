/** What whoever signs accepts first (21 CFR 11.10(j)). A change of the text is a new version, and everybody accepts it anew. */
export const signingPolicy = {
  version: 1,
  text: [
    'A signature given here with my password and a code of my authenticator binds me like one written by hand.',
    'It stands for exactly what was shown to me when I gave it, for its stated meaning and reason, under my name and the time of signing.',
    'I keep password, authenticator and recovery codes to myself, sign for nobody else, and report at once when somebody else may have them.',
  ].join('\n'),
} as const
