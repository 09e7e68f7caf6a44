/** Where the server has mounted the pages and the API, as it says in the page itself. */

function pathOf(url: string): string {
  return new URL(url, document.baseURI).pathname.replace(/\/+$/, "");
}

/** The path of the pages without a slash at its end: `""` at the root. */
export const basePath = pathOf(document.baseURI);

const named = document.querySelector<HTMLMetaElement>('meta[name="spec-api"]')?.content;

/** The path of the API without a slash at its end. */
export const apiPath = pathOf(named ?? "api/v1");
