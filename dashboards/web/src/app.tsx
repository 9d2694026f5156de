/** Chooses the page: by the address, and by whether somebody is signed in. */
import { useEffect, useRef } from "preact/hooks";
import { retryAccount, sites, sitesFailure, startAccount } from "./account";
import { route } from "./address";
import { session } from "./api";
import { language, t } from "./language";
import { lazy } from "./lazy";
import { DashboardPage } from "./pages/dashboard";
import { MissingPage } from "./pages/missing";
import { SettingsPage } from "./pages/settings";
import { SetupPage } from "./pages/setup";
import { SignInPage } from "./pages/sign-in";
import { SitesPage } from "./pages/sites";
import { Footer } from "./parts/footer";
import { Header } from "./parts/header";
import { Notice } from "./parts/notice";

const WhyPage = lazy(async () => (await import("./pages/why")).WhyPage);

function Page() {
  const where = route.value;
  if (where.page === "setup") return <SetupPage token={where.token} />;
  if (session.value === null) return <SignInPage />;
  const known = sites.value;
  if (session.value === undefined || !known) {
    return sitesFailure.value ? <Notice code={sitesFailure.value} retry={() => void retryAccount()} /> : <Waiting />;
  }
  if (where.page === "sites") return <SitesPage sites={known} />;
  if (where.page === "missing") return <MissingPage />;
  const site = known.find(({ domain }) => domain === where.domain);
  if (!site) return <MissingPage domain={where.domain} />;
  if (where.page === "settings") return <SettingsPage key={site.domain} site={site} />;
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
  const domain = "domain" in where ? where.domain : "";
  useEffect(() => {
    if (where.page !== "setup" && session.value === undefined) void startAccount();
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
      <Header />
      <main id="main" tabIndex={-1}>
        <Page />
      </main>
      <Footer />
    </>
  );
}
