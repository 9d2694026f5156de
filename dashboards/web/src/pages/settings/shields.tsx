/** What a site takes no beacons from: hosts that are not its own, addresses, countries, pages. */
import { useState } from "preact/hooks";
import { t } from "../../language";
import { FormSheet, fromLines, Lines, toLines, useSaving } from "./form";
import { changeSite, type Settings } from "./record";

export function ShieldsTab({ settings, look }: { settings: Settings; look: () => void }) {
  const saving = useSaving();
  const rules = settings.rules;
  const [hosts, setHosts] = useState(toLines(rules?.hosts ?? []));
  const [addresses, setAddresses] = useState(toLines(rules?.shields.addresses ?? []));
  const [countries, setCountries] = useState(toLines(rules?.shields.countries ?? []));
  const [pages, setPages] = useState(toLines(rules?.shields.pages ?? []));
  const [shielded, setShielded] = useState(toLines(rules?.shields.hosts ?? []));
  const save = () =>
    changeSite(settings.domain, {
      rules: {
        hosts: fromLines(hosts),
        shields: {
          addresses: fromLines(addresses),
          countries: fromLines(countries),
          pages: fromLines(pages),
          hosts: fromLines(shielded),
        },
      },
    });
  return (
    <FormSheet
      title={t("shield.title")}
      lead={t("shield.lead")}
      saving={saving}
      save={save}
      then={look}
      testId="settings-shields-form"
    >
      <Lines
        label={t("shield.hosts")}
        hint={t("shield.hosts_hint", { domain: settings.domain })}
        value={hosts}
        onValue={setHosts}
        testId="settings-hosts"
      />
      <Lines
        label={t("shield.addresses")}
        hint={t("shield.addresses_hint")}
        value={addresses}
        onValue={setAddresses}
        testId="settings-addresses"
      />
      <Lines
        label={t("shield.countries")}
        hint={t("shield.countries_hint")}
        value={countries}
        onValue={setCountries}
        testId="settings-countries"
      />
      <Lines
        label={t("shield.pages")}
        hint={t("shield.pages_hint")}
        value={pages}
        onValue={setPages}
        testId="settings-pages"
      />
      <Lines
        label={t("shield.shielded_hosts")}
        hint={t("shield.shielded_hosts_hint")}
        value={shielded}
        onValue={setShielded}
        testId="settings-shielded-hosts"
      />
    </FormSheet>
  );
}
