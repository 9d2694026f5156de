/** The dialog for one filter: of what, how, and which values; those that occur are offered. */
import { useEffect, useRef, useState } from "preact/hooks";
import { DIMENSION_NAMES, type Dimension, dimensionWord, isProperty, readDimension } from "../dimensions";
import { type Filter, MOST_VALUES, type Operator, operatorsOf } from "../filters";
import { t } from "../language";
import { valueName } from "../list-rows";
import "./filter-editor.css";
import { Field } from "./field";
import { useValues } from "./filter-values";

interface Props {
  /** The filter to change; `null` for a new one. */
  filter: Filter | null;
  apply: (filter: Filter) => void;
  close: () => void;
}

const PROPERTY = "prop:";

export function FilterEditor({ filter, apply, close }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [dimension, setDimension] = useState<Dimension>(filter?.dimension ?? "page");
  const [op, setOp] = useState<Operator>(filter?.op ?? "is");
  const [values, setValues] = useState<string[]>(filter?.values ?? []);
  const [typed, setTyped] = useState("");
  useEffect(() => dialog.current?.showModal(), []);

  const free = !/^(is|has)/.test(op);
  const offered = useValues(dimension, free ? null : typed);
  const ready = readDimension(dimension) !== null;
  const toggle = (value: string) =>
    setValues(
      values.includes(value) ? values.filter((one) => one !== value) : [...values, value].slice(0, MOST_VALUES),
    );
  const take = () => {
    const value = typed.trim();
    if (value && !values.includes(value)) setValues([...values, value]);
    setTyped("");
  };
  const send = (event: Event) => {
    event.preventDefault();
    // Whatever stands in the field is meant, also before Enter.
    const all = typed.trim() && free ? [...new Set([...values, typed.trim()])] : values;
    if (ready && all.length > 0) apply({ op, dimension, values: all });
  };
  const choose = (name: string) => {
    const next = name === PROPERTY ? (PROPERTY as Dimension) : readDimension(name);
    if (!next) return;
    setDimension(next);
    setValues([]);
    setTyped("");
    if (!operatorsOf(next).includes(op)) setOp("is");
  };
  const rows = [...new Set([...values, ...(free ? [] : offered)])];
  return (
    <dialog ref={dialog} class="filter-editor sheet" aria-labelledby="filter-title" onClose={close}>
      <form onSubmit={send} data-testid="filter-form">
        <h2 id="filter-title">{t(filter ? "filter.edit" : "filter.add")}</h2>
        <div class="filter-how">
          <label>
            <span>{t("filter.dimension")}</span>
            <select
              value={isProperty(dimension) ? PROPERTY : dimension}
              data-testid="filter-dimension"
              onChange={(event) => choose(event.currentTarget.value)}
            >
              {DIMENSION_NAMES.map((name) => (
                <option key={name} value={name}>
                  {t(dimensionWord(name))}
                </option>
              ))}
              <option value={PROPERTY}>{t("filter.property")}</option>
            </select>
          </label>
          <label>
            <span>{t("filter.how")}</span>
            <select
              value={op}
              data-testid="filter-op"
              onChange={(event) => setOp(event.currentTarget.value as Operator)}
            >
              {operatorsOf(dimension).map((name) => (
                <option key={name} value={name}>
                  {t(`operator.${name}`)}
                </option>
              ))}
            </select>
          </label>
        </div>
        {isProperty(dimension) && (
          <Field
            label={t("filter.key")}
            value={dimension.slice(5)}
            onValue={(key) => setDimension(`prop:${key}`)}
            testId="filter-key"
            literal
          />
        )}
        <div class="filter-typed">
          <Field
            label={t(free ? "filter.text" : "filter.search")}
            {...(op.startsWith("matches") ? { hint: t("filter.pattern_hint") } : {})}
            value={typed}
            onValue={setTyped}
            testId="filter-value"
            autoComplete="off"
            literal
          />
          {typed.trim() && (
            <button type="button" class="button" data-testid="filter-take" onClick={take}>
              {t("filter.take")}
            </button>
          )}
        </div>
        <fieldset class="filter-values">
          <legend class="unseen">{t("filter.values")}</legend>
          {rows.length === 0 && <p class="quiet">{t(free ? "filter.none_yet" : "list.empty")}</p>}
          {rows.map((value) => (
            <label key={value} class="tick">
              <input type="checkbox" checked={values.includes(value)} onChange={() => toggle(value)} />
              <span>{free ? value : valueName(dimension, value)}</span>
            </label>
          ))}
        </fieldset>
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={close}>
            {t("app.cancel")}
          </button>
          <button
            type="submit"
            class="button main"
            disabled={!ready || (values.length === 0 && !(free && typed.trim()))}
            data-testid="filter-apply"
          >
            {t("filter.apply")}
          </button>
        </div>
      </form>
    </dialog>
  );
}
