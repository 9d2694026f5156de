/** Notes on days: what happened when the line moved. */
import { useState } from "preact/hooks";
import { api, codeOf, serverNow } from "../api";
import { errorText, formats, t } from "../language";
import { usePlace } from "../place";
import { today } from "../site-clock";
import { annotations, loadAnnotations } from "../site-lists";
import { isDay } from "../view";
import { Field } from "./field";
import { Icon } from "./icon";
import "./segment-menu.css";

export function AnnotationMenu() {
  const { site } = usePlace();
  const [date, setDate] = useState(() => today(site.timezone, serverNow()));
  const [text, setText] = useState("");
  const [code, setCode] = useState<string | null>(null);
  const again = () => void loadAnnotations(site.domain, true);
  const save = async (event: Event) => {
    event.preventDefault();
    try {
      await api.addAnnotation(site.domain, { date, text: text.trim() });
      setText("");
      setCode(null);
      again();
    } catch (error) {
      setCode(codeOf(error));
    }
  };
  const list = (annotations.value ?? []).toSorted((a, b) => (a.date < b.date ? 1 : -1));
  return (
    <div class="segments">
      {list.length === 0 && <p class="quiet">{t("note.none")}</p>}
      <ul>
        {list.map((note) => (
          <li key={note.id} data-testid="annotation">
            <span class="quiet">{formats().date(note.date, "yMMMd")}</span>
            <span>{note.text}</span>
            <button
              type="button"
              class="icon-button"
              aria-label={t("note.remove", { text: note.text })}
              onClick={() => api.dropAnnotation(site.domain, note.id).then(again, again)}
            >
              <Icon name="cross" />
            </button>
          </li>
        ))}
      </ul>
      <form class="segments-save" onSubmit={save}>
        <Field
          label={t("note.date")}
          hint={isDay(date) ? formats().date(date, "full") : t("note.date_hint")}
          value={date}
          onValue={setDate}
          testId="annotation-date"
          literal
        />
        <Field
          label={t("note.text")}
          value={text}
          onValue={setText}
          problem={code ? errorText(code) : undefined}
          testId="annotation-text"
          autoComplete="off"
        />
        <button type="submit" class="button" disabled={!text.trim() || !isDay(date)} data-testid="annotation-save">
          {t("note.save")}
        </button>
      </form>
    </div>
  );
}
