/** `$body$…$body$` with a tag that the text does not hold. */
export function dollarQuote(text: string): string {
  let tag = '$body$'
  for (let i = 1; text.includes(tag); i += 1) tag = `$body${i}$`
  return `${tag}${text}${tag}`
}
