/** What people paste when asked for a domain, reduced to the domain. The server decides whether it is one. */
export function tidyDomain(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/^[a-z][a-z0-9+.-]*:\/\//, "")
    .replace(/^www\.(?=[^/?#]*\.)/, "")
    .replace(/[/?#].*$/, "")
    .replace(/\.$/, "");
}
