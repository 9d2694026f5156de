import { t } from "../language";
import "./missing.css";

export function MissingPage({ domain }: { domain?: string }) {
  return (
    <div class="missing">
      <h1 tabIndex={-1}>{t("notfound.title")}</h1>
      <p>{domain === undefined ? t("notfound.page") : t("notfound.site", { domain })}</p>
      <a class="button" href="/">
        {t("app.all_sites")}
      </a>
    </div>
  );
}
