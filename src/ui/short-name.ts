const lengthMax = 63

/** `Harbour Clinic, Kiel` → `harbour-clinic-kiel`: what stands in file names and addresses, from what people read. */
export function shortNameOf(title: string): string {
  const plain = title.normalize('NFKD').replaceAll(/[\u0300-\u036F]/g, '')
  return plain
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, lengthMax)
    .replaceAll(/^-+|-+$/g, '')
}
