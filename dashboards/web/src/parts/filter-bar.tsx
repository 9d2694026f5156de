/** The filters as chips: each can be edited and taken away; a button adds another. */
import { useEffect, useState } from "preact/hooks";
import { filterText } from "../filter-text";
import type { Filter } from "../filters";
import { t } from "../language";
import { lazy } from "../lazy";
import { usePlace } from "../place";
import { Disclosure } from "./disclosure";
import "./filter-bar.css";
import { Icon } from "./icon";

const FilterEditor = lazy(async () => (await import("./filter-editor")).FilterEditor);
const SegmentMenu = lazy(async () => (await import("./segment-menu")).SegmentMenu);

/** Which filter is edited: its place, or a new one. */
type Edited = number | "new" | null;

export function FilterBar() {
  const { view, reader, link, show } = usePlace();
  const { filters } = view;
  const [edited, setEdited] = useState<Edited>(null);
  const without = (index: number) => filters.filter((_, at) => at !== index);
  const apply = (filter: Filter) => {
    const next =
      typeof edited === "number" ? filters.map((old, at) => (at === edited ? filter : old)) : [...filters, filter];
    setEdited(null);
    show({ filters: next });
  };
  const asked = filters.map((filter) => filter.dimension).join(" ");
  useEffect(() => setEdited(null), [asked]);
  if (view.range.kind === "live") return null;
  return (
    <div class="filters" role="group" aria-label={t("filter.label")} data-testid="filters">
      {filters.map((filter, index) => {
        const text = filterText(filter);
        return (
          <span key={text} class="chip" data-testid="filter-chip">
            <button type="button" class="chip-text" title={t("filter.edit")} onClick={() => setEdited(index)}>
              {text}
            </button>
            <a
              class="chip-remove"
              href={link({ filters: without(index) })}
              aria-label={t("filter.remove", { filter: text })}
              data-testid="filter-remove"
            >
              <Icon name="cross" />
            </a>
          </span>
        );
      })}
      <button type="button" class="filters-add" data-testid="filter-add" onClick={() => setEdited("new")}>
        <Icon name="funnel" />
        {t("filter.add")}
      </button>
      {filters.length > 1 && (
        <a class="link" href={link({ filters: [] })} data-testid="filter-clear">
          {t("filter.clear")}
        </a>
      )}
      {!reader && (
        <Disclosure
          label={
            <>
              {t("segment.label")}
              <Icon name="down" />
            </>
          }
          buttonClass="filters-add"
          testId="segments"
        >
          {(close) => <SegmentMenu close={close} />}
        </Disclosure>
      )}
      {edited !== null && (
        <FilterEditor
          filter={typeof edited === "number" ? (filters[edited] ?? null) : null}
          apply={apply}
          close={() => setEdited(null)}
        />
      )}
    </div>
  );
}
