/** Chooses the page: by the address, and by whether somebody is signed in. */
import { useEffect, useRef } from "preact/hooks";
import { retryAccount, sites, sitesFailure, startAccount } from "./account";
import { route } from "./address";
import { session } from "./api";
import { language, t } from "./language";
import { lazy } from "./lazy";
import { DashboardPage } from "./pages/dashboard";
import { MissingPage } from "./pages/missing";
import { SetupPage } from "./pages/setup";
import { SignInPage } from "./pages/sign-in";
import { SitesPage } from "./pages/sites";
import { Footer } from "./parts/footer";
import { Header } from "./parts/header";
import { Notice } from "./parts/notice";

const SettingsPage = lazy(async () => (await import("./pages/settings")).SettingsPage);
const AccountPage = lazy(async () => (await import("./pages/account")).AccountPage);
const InvitationPage = lazy(async () => (await import("./pages/invitation")).InvitationPage);
const KeysPage = lazy(async () => (await import("./pages/keys")).KeysPage);
const MembersPage = lazy(async () => (await import("./pages/members")).MembersPage);
const UsersPage = lazy(async () => (await import("./pages/users")).UsersPage);
const SharePage = lazy(async () => (await import("./pages/share")).SharePage);
const WhyPage = lazy(async () => (await import("./pages/why")).WhyPage);

function Page() {
  const where = route.value;
  if (where.page === "share")
    return <SharePage key={where.slug} slug={where.slug} frame={where.frame} view={where.view} />;
  if (where.page === "setup") return <SetupPage token={where.token} />;
  if (where.page === "invitation" && session.value !== undefined) return <InvitationPage token={where.token} />;
  if (session.value === null) return <SignInPage />;
  if (session.value?.must_enrol || (session.value && where.page === "account")) return <AccountPage />;
  const known = sites.value;
  if (session.value === undefined || !known) {
    return sitesFailure.value ? <Notice code={sitesFailure.value} retry={() => void retryAccount()} /> : <Waiting />;
  }
  if (where.page === "sites") return <SitesPage sites={known} />;
  if (where.page === "users") return <UsersPage />;
  if (where.page === "all-keys") return <KeysPage domain={null} />;
  if (where.page === "missing") return <MissingPage />;
  if (!("domain" in where)) return <Waiting />;
  const site = known.find(({ domain }) => domain === where.domain);
  if (!site) return <MissingPage domain={where.domain} />;
  if (where.page === "settings") return <SettingsPage key={site.domain} site={site} tab={where.tab} />;
  if (where.page === "members") return <MembersPage key={site.domain} site={site} />;
  if (where.page === "keys") return <KeysPage key={site.domain} domain={site.domain} />;
  if (where.page === "why") return <WhyPage key={site.domain} site={site} />;
  return <DashboardPage key={site.domain} site={site} view={where.view} sites={known} />;
}

function Waiting() {
  return <p class="unseen">{t("app.loading")}</p>;
}

/** Moves the focus to the heading when another page is shown, as a page load would. */
function usePageFocus(page: string) {
  const first = useRef(true);
  useEffect(() => {
    if (first.current) first.current = false;
    else document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
  }, [page]);
}

export function App() {
  const where = route.value;
  const framed = where.page === "share" && where.frame.embed;
  const domain = "domain" in where ? where.domain : "";
  useEffect(() => {
    if (where.page !== "setup" && where.page !== "share" && session.value === undefined) void startAccount();
  }, [where.page]);
  usePageFocus(`${where.page} ${domain} ${session.value === null}`);
  useEffect(() => {
    document.title = domain ? `${domain} · ${t("app.name")}` : t("app.name");
  }, [domain, language()]);
  return (
    <>
      <a class="skip" href="#main">
        {t("app.skip")}
      </a>
      {!framed && <Header />}
      <main id="main" tabIndex={-1}>
        <Page />
      </main>
      {!framed && <Footer />}
    </>
  );
}
