/** Saved filters: the segments of a site, one's own and those shared with everybody. */
import { useEffect, useState } from "preact/hooks";
import { api, codeOf, type Segment } from "../api";
import { fromApi, sameFilters, toApi } from "../filters";
import { errorText, t } from "../language";
import { usePlace } from "../place";
import { loadSegments, segments } from "../site-lists";
import { Field } from "./field";
import { Icon } from "./icon";
import "./segment-menu.css";

export function SegmentMenu({ close }: { close: () => void }) {
  const { site, view } = usePlace();
  useEffect(() => {
    void loadSegments(site.domain);
  }, [site.domain]);
  const list = segments.value ?? [];
  const known = list.some((segment) => sameFilters(fromApi(segment.filters) ?? [], view.filters));
  const again = () => void loadSegments(site.domain, true);
  return (
    <div class="segments">
      {list.length === 0 && <p class="quiet">{t("segment.none")}</p>}
      <ul>
        {list.map((segment) => (
          <Item key={segment.id} segment={segment} close={close} again={again} />
        ))}
      </ul>
      {view.filters.length > 0 && !known && <Save again={again} />}
      {view.filters.length === 0 && <p class="quiet segments-hint">{t("segment.hint")}</p>}
    </div>
  );
}

function Item({ segment, close, again }: { segment: Segment; close: () => void; again: () => void }) {
  const { site, view, link } = usePlace();
  const filters = fromApi(segment.filters);
  const drop = () => api.dropSegment(site.domain, segment.id).then(again, again);
  return (
    <li>
      {filters ? (
        <a
          href={link({ filters })}
          aria-current={sameFilters(filters, view.filters) ? "true" : undefined}
          data-testid="segment"
          onClick={close}
        >
          {segment.name}
        </a>
      ) : (
        <span class="quiet">{segment.name}</span>
      )}
      {segment.shared && <span class="quiet segments-shared">{t("segment.is_shared")}</span>}
      {segment.mine && (
        <button
          type="button"
          class="icon-button"
          aria-label={t("segment.remove", { name: segment.name })}
          onClick={drop}
        >
          <Icon name="cross" />
        </button>
      )}
    </li>
  );
}

/** Keeps the filters that are shown under a name. */
function Save({ again }: { again: () => void }) {
  const { site, view } = usePlace();
  const [name, setName] = useState("");
  const [shared, setShared] = useState(false);
  const [code, setCode] = useState<string | null>(null);
  const save = async (event: Event) => {
    event.preventDefault();
    try {
      await api.addSegment(site.domain, { name: name.trim(), shared, filters: view.filters.map(toApi) });
      setName("");
      setCode(null);
      again();
    } catch (error) {
      setCode(codeOf(error));
    }
  };
  return (
    <form class="segments-save" onSubmit={save}>
      <Field
        label={t("segment.save")}
        value={name}
        onValue={setName}
        problem={code ? errorText(code) : undefined}
        testId="segment-name"
        autoComplete="off"
        required
      />
      <label class="tick">
        <input type="checkbox" checked={shared} onChange={(event) => setShared(event.currentTarget.checked)} />
        <span>{t("segment.shared")}</span>
      </label>
      <button type="submit" class="button" disabled={!name.trim()} data-testid="segment-save">
        {t("segment.submit")}
      </button>
    </form>
  );
}
