/** What of query strings and custom properties is kept. */
import { useState } from "preact/hooks";
import { t } from "../../language";
import { FormSheet, fromLines, Lines, toLines, useSaving } from "./form";
import { changeSite, type Settings } from "./record";

export function PropertiesTab({ settings, look }: { settings: Settings; look: () => void }) {
  const saving = useSaving();
  const [parameters, setParameters] = useState(toLines(settings.rules?.parameters ?? []));
  const [properties, setProperties] = useState(toLines(settings.rules?.properties ?? []));
  const save = () =>
    changeSite(settings.domain, {
      rules: { parameters: fromLines(parameters), properties: fromLines(properties) },
    });
  return (
    <FormSheet
      title={t("property.title")}
      lead={t("property.lead")}
      saving={saving}
      save={save}
      then={look}
      testId="settings-properties-form"
    >
      <Lines
        label={t("parameter.label")}
        hint={t("parameter.hint")}
        value={parameters}
        onValue={setParameters}
        testId="settings-parameters"
      />
      <Lines
        label={t("property.label")}
        hint={t("property.hint")}
        value={properties}
        onValue={setProperties}
        testId="settings-property-list"
      />
    </FormSheet>
  );
}
