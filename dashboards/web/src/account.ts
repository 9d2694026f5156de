/** Who is signed in and which sites they see. */
import { signal } from "@preact/signals";
import { route } from "./address";
import { ApiError, api, codeOf, type Session, type Site, session } from "./api";
import { chooseLanguage, chosenLanguage, isLanguage, type Language, showLanguage } from "./language";
import { putAnnotations } from "./site-lists";

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

export function enter(value: Session): void {
  session.value = value;
  if (!chosenLanguage() && isLanguage(value.language)) void showLanguage(value.language);
}

function leave(): void {
  session.value = null;
  sites.value = null;
  sitesFailure.value = null;
}

/** Switches the language here, and for the account, so that it greets its owner in it on other machines. */
export function switchLanguage(language: Language): void {
  chooseLanguage(language);
  if (session.peek()) api.keepLanguage(language).catch(() => undefined);
}

let asked: Promise<void> | null = null;

/** What could not be loaded, once more. */
export function retryAccount(): Promise<void> {
  return session.peek() ? loadSites() : startAccount();
}

/** Asks who is signed in, once; the answer has their sites as well, which saves a round trip. */
export function startAccount(): Promise<void> {
  asked ??= ask().finally(() => {
    if (session.peek() === undefined) asked = null;
  });
  return asked;
}

async function ask(): Promise<void> {
  const where = route.peek();
  const opened = where.page === "dashboard" ? where.domain : null;
  try {
    const start = await api.start(opened);
    if (opened && start.annotations) putAnnotations(opened, start.annotations);
    enter(start.session);
    sites.value = start.sites;
    sitesFailure.value = null;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) leave();
    else sitesFailure.value = codeOf(error);
  }
}

export async function signIn(email: string, password: string, code?: string): Promise<void> {
  enter(await api.signIn(email, password, code));
  await loadSites();
}

export async function setUp(token: string, email: string, password: string): Promise<void> {
  enter(await api.setUp(token, email, password));
  await loadSites();
}

export async function signOut(): Promise<void> {
  await api.signOut();
  leave();
}

/** Puts a site into the list, or replaces what the list has of it. */
export function noteSite(site: Site): void {
  const others = (sites.peek() ?? []).filter((known) => known.domain !== site.domain);
  sites.value = [...others, site].sort((a, b) => a.domain.localeCompare(b.domain));
}
