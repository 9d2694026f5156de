/** The rows of a table as a file: what is searched and in what order, all pages of it, with headings in the shown language. */
import { useState } from "preact/hooks";
import { codeOf, type Question } from "../api";
import { fetchFile, saveFile } from "../files";
import { t } from "../language";
import { Notice } from "./notice";

const FORMATS = ["csv", "json"] as const;

interface Props {
  question: Question;
  headings: string[];
  /** Of the file, without its ending. */
  name: string;
}

export function Export({ question, headings, name }: Props) {
  const [code, setCode] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const save = async (format: (typeof FORMATS)[number]) => {
    setBusy(true);
    setCode(null);
    try {
      const file = await fetchFile("/api/export", { question, format, ...(format === "csv" ? { headings } : {}) });
      saveFile(file, `${name}.${format}`);
    } catch (error) {
      setCode(codeOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <span class="details-save">
      {code && <Notice code={code} />}
      {FORMATS.map((format) => (
        <button
          key={format}
          type="button"
          class="link"
          disabled={busy}
          data-testid={`save-${format}`}
          onClick={() => void save(format)}
        >
          {t("details.save", { value: format.toUpperCase() })}
        </button>
      ))}
    </span>
  );
}
