/** Who is signed in and which sites they see. */
import { signal } from "@preact/signals";
import { ApiError, api, codeOf, type Session, type Site, session } from "./api";
import { chosenLanguage, isLanguage, showLanguage } from "./language";

/** `null` until loaded. */
export const sites = signal<Site[] | null>(null);
/** The code of what went wrong when the sites could not be loaded. */
export const sitesFailure = signal<string | null>(null);

export async function loadSites(): Promise<void> {
  try {
    sites.value = (await api.sites()).sites;
    sitesFailure.value = null;
  } catch (error) {
    sitesFailure.value = codeOf(error);
  }
}

function enter(value: Session): void {
  session.value = value;
  if (!chosenLanguage() && isLanguage(value.language)) void showLanguage(value.language);
}

/** Asks who is signed in; the sites are asked for at the same time, to save a round trip. */
export async function startAccount(): Promise<void> {
  const listed = loadSites();
  try {
    enter(await api.session());
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) session.value = null;
    else sitesFailure.value = codeOf(error);
  }
  await listed;
}

export async function signIn(email: string, password: string): Promise<void> {
  enter(await api.signIn(email, password));
  await loadSites();
}

export async function setUp(token: string, email: string, password: string): Promise<void> {
  enter(await api.setUp(token, email, password));
  await loadSites();
}

export async function signOut(): Promise<void> {
  await api.signOut();
  session.value = null;
  sites.value = null;
}

/** Puts a site into the list, or replaces what the list has of it. */
export function noteSite(site: Site): void {
  const others = (sites.peek() ?? []).filter((known) => known.domain !== site.domain);
  sites.value = [...others, site].sort((a, b) => a.domain.localeCompare(b.domain));
}
