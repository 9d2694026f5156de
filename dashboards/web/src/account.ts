/** Who is signed in and which sites they see. */
import { signal } from "@preact/signals";
import { ApiError, api, codeOf, type Session, type Site, session } from "./api";
import { chooseLanguage, chosenLanguage, isLanguage, type Language, showLanguage } from "./language";
import { recall, remember } from "./memory";

/** `null` until loaded. */
export const sites = signal<Site[] | null>(null);
/** The code of what went wrong when the sites could not be loaded. */
export const sitesFailure = signal<string | null>(null);

const KNOWN = "sanaq.known";

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
  remember(KNOWN, "1");
  if (!chosenLanguage() && isLanguage(value.language)) void showLanguage(value.language);
}

function leave(): void {
  session.value = null;
  sites.value = null;
  sitesFailure.value = null;
  remember(KNOWN, null);
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

/**
 * Asks who is signed in, once. Where somebody was signed in last time the sites are asked for at the same time, which
 * saves a round trip; elsewhere that would only be a second refusal.
 */
export function startAccount(): Promise<void> {
  asked ??= ask().finally(() => {
    if (session.peek() === undefined) asked = null;
  });
  return asked;
}

async function ask(): Promise<void> {
  const known = recall(KNOWN) !== null;
  const listed = known ? loadSites() : null;
  try {
    enter(await api.session());
    await (listed ?? loadSites());
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
