/** A combobox over the time zones (ARIA Authoring Practices: editable, list autocomplete, manual selection). */
import { useEffect, useId, useState } from "preact/hooks";
import { codeOf, serverNow } from "../api";
import { errorText, language, t } from "../language";
import { offsetName } from "../site-clock";
import { findZones, loadZones, type Zone } from "../zones";
import "./timezone-field.css";

const SHOWN = 40;

interface Props {
  value: string;
  onValue: (zone: string) => void;
  problem?: string | undefined;
}

export function TimezoneField({ value, onValue, problem }: Props) {
  const id = useId();
  const [zones, setZones] = useState<Zone[]>([]);
  const [failure, setFailure] = useState<string | null>(null);
  /** What is typed; `null` while the chosen zone is shown. */
  const [text, setText] = useState<string | null>(null);
  const [active, setActive] = useState(-1);
  const shown = language();
  useEffect(() => {
    loadZones(shown).then(setZones, (error) => setFailure(codeOf(error)));
  }, [shown]);
  const open = text !== null;
  const found = open ? findZones(zones, text, SHOWN) : [];
  const choose = (zone: Zone) => {
    onValue(zone.name);
    setText(null);
    setActive(-1);
  };
  const move = (step: number) => {
    if (!open) setText("");
    if (found.length === 0) return;
    const next = (active + step + found.length) % found.length;
    setActive(active === -1 && step < 0 ? found.length - 1 : next);
    document.getElementById(`${id}-${next}`)?.scrollIntoView({ block: "nearest" });
  };
  const leave = () => {
    // A zone typed in full counts as chosen; anything else falls back to the one before.
    const typed = zones.find((zone) => zone.name.toLowerCase() === text?.trim().toLowerCase());
    if (typed) choose(typed);
    else setText(null);
    setActive(-1);
  };
  const problemText = problem ?? (failure ? errorText(failure) : undefined);
  const described = `${id}-hint${problemText ? ` ${id}-problem` : ""}`;
  return (
    <div class="field timezone">
      <label for={id}>{t("add.timezone")}</label>
      <input
        id={id}
        type="text"
        role="combobox"
        autoComplete="off"
        spellcheck={false}
        aria-autocomplete="list"
        aria-expanded={open && found.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
        aria-describedby={described}
        aria-invalid={problemText ? true : undefined}
        data-testid="add-site-timezone"
        value={text ?? value}
        onFocus={(event) => event.currentTarget.select()}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setActive(-1);
        }}
        onClick={() => !open && setText("")}
        onBlur={leave}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown" || event.key === "ArrowUp") {
            event.preventDefault();
            move(event.key === "ArrowDown" ? 1 : -1);
          } else if (event.key === "Enter" && open) {
            const zone = found[active === -1 ? 0 : active];
            if (zone) {
              event.preventDefault();
              choose(zone);
            }
          } else if (event.key === "Escape" && open) {
            event.preventDefault();
            setText(null);
          }
        }}
      />
      <div
        id={`${id}-list`}
        class="zones sheet"
        role="listbox"
        aria-label={t("add.timezone")}
        hidden={found.length === 0}
      >
        {found.map((zone, index) => (
          <div
            key={zone.name}
            id={`${id}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === active}
            data-zone={zone.name}
            onPointerDown={(event) => {
              // The field keeps the focus, so that leaving it does not undo the choice.
              event.preventDefault();
              choose(zone);
            }}
          >
            <span>{zone.city}</span>
            <span class="quiet">{zone.name}</span>
            <span class="quiet">{offsetName(zone.name, serverNow())}</span>
          </div>
        ))}
      </div>
      <p id={`${id}-hint`} class="quiet field-note">
        {open && zones.length > 0 && found.length === 0 ? t("add.timezone_none") : t("add.timezone_hint")}
      </p>
      <p class="unseen" role="status">
        {open && text !== "" && zones.length > 0 ? t("add.timezone_found", { n: found.length }) : ""}
      </p>
      {problemText && (
        <p id={`${id}-problem`} class="field-problem" role="alert">
          {problemText}
        </p>
      )}
    </div>
  );
}
