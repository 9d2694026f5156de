/** Which groups are too small to be shown, how long what is counted is kept, and everything as a file. */
import { useState } from "preact/hooks";
import { serverNow } from "../../api";
import { t } from "../../language";
import { addDays, today } from "../../site-clock";
import { Count, countOf, FormSheet, useSaving } from "./form";
import { changeSite, exportPath, type Settings } from "./record";

export function VisibilityTab({ settings, look }: { settings: Settings; look: () => void }) {
  return (
    <>
      <ThresholdsForm settings={settings} look={look} />
      <RetentionForm settings={settings} look={look} />
      {(settings.role === "admin" || settings.role === "owner") && <ExportSheet settings={settings} />}
    </>
  );
}

function ThresholdsForm({ settings, look }: { settings: Settings; look: () => void }) {
  const saving = useSaving();
  const [staff, setStaff] = useState(String(settings.thresholds?.staff_k ?? ""));
  const [open, setOpen] = useState(String(settings.thresholds?.public_k ?? ""));
  const save = () => changeSite(settings.domain, { thresholds: { staff_k: countOf(staff), public_k: countOf(open) } });
  return (
    <FormSheet
      title={t("threshold.title")}
      lead={t("threshold.lead")}
      saving={saving}
      save={save}
      then={look}
      testId="settings-thresholds"
    >
      <Count
        label={t("threshold.staff")}
        hint={t("threshold.hint", { n: 5 })}
        value={staff}
        onValue={setStaff}
        least={3}
        most={1000}
        testId="settings-staff-k"
      />
      <Count
        label={t("threshold.public")}
        hint={t("threshold.hint", { n: 10 })}
        value={open}
        onValue={setOpen}
        least={3}
        most={1000}
        testId="settings-public-k"
      />
    </FormSheet>
  );
}

function RetentionForm({ settings, look }: { settings: Settings; look: () => void }) {
  const saving = useSaving();
  const [own, setOwn] = useState(Boolean(settings.retention));
  const [detail, setDetail] = useState(String(settings.retention?.detail_months ?? 13));
  const [statistics, setStatistics] = useState(String(settings.retention?.statistics_months ?? ""));
  const save = () =>
    changeSite(settings.domain, {
      retention: own ? { detail_months: countOf(detail) ?? 13, statistics_months: countOf(statistics) } : null,
    });
  return (
    <FormSheet
      title={t("retention.title")}
      lead={t("retention.lead")}
      saving={saving}
      save={save}
      then={look}
      testId="settings-retention"
    >
      <label class="tick">
        <input
          type="checkbox"
          checked={own}
          data-testid="settings-retention-own"
          onChange={(event) => setOwn(event.currentTarget.checked)}
        />
        {t("retention.own")}
      </label>
      {own && (
        <>
          <Count
            label={t("retention.detail")}
            hint={t("retention.detail_hint")}
            value={detail}
            onValue={setDetail}
            least={0}
            most={25}
            required
            testId="settings-detail-months"
          />
          <Count
            label={t("retention.statistics")}
            hint={t("retention.statistics_hint")}
            value={statistics}
            onValue={setStatistics}
            least={1}
            most={1200}
            testId="settings-statistics-months"
          />
        </>
      )}
    </FormSheet>
  );
}

function ExportSheet({ settings }: { settings: Settings }) {
  const now = today(settings.timezone, serverNow());
  const [from, setFrom] = useState(addDays(now, -30));
  const [to, setTo] = useState(now);
  return (
    <section class="sheet" aria-labelledby="export-title">
      <h2 id="export-title">{t("export.title")}</h2>
      <p class="quiet">{t("export.lead")}</p>
      <div class="settings-row">
        <label class="field">
          {t("export.from")}
          <input type="date" value={from} max={to} onInput={(event) => setFrom(event.currentTarget.value)} />
        </label>
        <label class="field">
          {t("export.to")}
          <input type="date" value={to} min={from} onInput={(event) => setTo(event.currentTarget.value)} />
        </label>
        <a class="button" href={exportPath(settings.domain, from, to)} download data-testid="settings-export">
          {t("export.download")}
        </a>
      </div>
    </section>
  );
}
