/** A dashboard seen through a shared link: by whoever has it, maybe after a password, maybe within another page. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { type Frame, sharePath } from "../address";
import { api, codeOf, type SharedSite, type Site, sharedLink } from "../api";
import { errorText, t } from "../language";
import { ComparisonPicker } from "../parts/comparison-picker";
import { Details } from "../parts/details";
import { Field } from "../parts/field";
import { Notice } from "../parts/notice";
import { RangePicker } from "../parts/range-picker";
import { PlaceProvider } from "../place";
import { putFunnels, putGoals } from "../site-lists";
import type { View } from "../view";
import { Board } from "./dashboard";
import "./share.css";

interface Props {
  slug: string;
  frame: Frame;
  view: View;
}

export function SharePage({ slug, frame, view }: Props) {
  const [shared, setShared] = useState<SharedSite | null>(null);
  const [code, setCode] = useState<string | null>(null);
  const load = () =>
    api.shared(slug).then(
      (found) => {
        sharedLink.value = slug;
        if (!found.locked) {
          putGoals(found.domain, found.goals);
          putFunnels(found.domain, found.funnels);
        }
        setShared(found);
        setCode(null);
      },
      (error) => setCode(codeOf(error)),
    );
  useEffect(() => {
    void load();
    return () => {
      sharedLink.value = null;
    };
  }, [slug]);
  useEffect(() => {
    // What the frame asks for holds here alone, and is not remembered.
    if (frame.theme) document.documentElement.setAttribute("data-theme", frame.theme);
  }, [frame.theme]);
  if (code) return <Notice code={code} retry={() => void load()} />;
  if (!shared) return <p class="unseen">{t("app.loading")}</p>;
  if (shared.locked) return <Locked slug={slug} opened={() => void load()} />;
  return <Opened slug={slug} shared={shared} frame={frame} view={view} />;
}

function Opened({ slug, shared, frame, view }: Props & { shared: Extract<SharedSite, { locked: false }> }) {
  const { domain, timezone } = shared;
  // Readers are shown numbers only; the live view is staff's.
  const seen: View = view.range.kind === "live" ? { ...view, range: { kind: "day" } } : view;
  const site = useMemo<Site>(() => ({ domain, timezone, opt_out: "tally", first_beacon_at: 0 }) as Site, [domain]);
  const path = (next: View) => sharePath(slug, frame, next);
  const place = useMemo(() => ({ site, view: seen, path, reader: true }), [site, view, frame]);
  return (
    <PlaceProvider value={place}>
      <div class="board-head" data-testid="shared">
        <div>
          <h1 tabIndex={-1}>{domain}</h1>
          <p class="quiet">{shared.name}</p>
        </div>
        <div class="board-when">
          <RangePicker />
          <ComparisonPicker />
        </div>
      </div>
      <Board site={site} view={seen} />
      {seen.details && <Details details={seen.details} />}
    </PlaceProvider>
  );
}

function Locked({ slug, opened }: { slug: string; opened: () => void }) {
  const [password, setPassword] = useState("");
  const [code, setCode] = useState<string | null>(null);
  const send = async (event: Event) => {
    event.preventDefault();
    try {
      await api.unlock(slug, password);
      opened();
    } catch (error) {
      setCode(codeOf(error));
    }
  };
  return (
    <form class="sheet share-locked" onSubmit={send} data-testid="share-locked">
      <h1 tabIndex={-1}>{t("shared.locked")}</h1>
      <Field
        label={t("signin.password")}
        type="password"
        value={password}
        onValue={setPassword}
        problem={code ? errorText(code) : undefined}
        testId="share-password"
        required
      />
      <button type="submit" class="button main" data-testid="share-open">
        {t("shared.open")}
      </button>
    </form>
  );
}
