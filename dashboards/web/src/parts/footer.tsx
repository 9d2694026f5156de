import { t } from "../language";
import "./footer.css";

export function Footer() {
  return (
    <footer class="foot quiet">
      <p>{t("footer.promise")}</p>
    </footer>
  );
}
