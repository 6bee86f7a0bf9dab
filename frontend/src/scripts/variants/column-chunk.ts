import type { ColumnMetaData, PageHeader, SchemaElement } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { convert, DEFAULT_PARSERS } from "hyparquet/src/convert.js";
import { decompressPage, readDataPage } from "hyparquet/src/datapage.js";
import { readPlain } from "hyparquet/src/plain.js";
import type { Condition } from "./conditions";
import type { Span } from "./ranges";
import { plain, type Value } from "./values";

/** A page of rows as the file has it; its values are decoded when a cell of it is shown. */
interface Page { first: number; rows: number; header: PageHeader; body: Uint8Array; values?: Value[] }

/** Where a page is: the first row, counted from the start of the row group, and its bytes. */
export interface PagePlace extends Span { first: number }

type Decoder = Parameters<typeof readDataPage>[2];

const text = new TextDecoder();
const latin1 = new TextDecoder("latin1");

/**
 * The values of one column in one row group. Pages are kept as they were fetched; a condition is tried on the distinct
 * values of the dictionary first, and pages that cannot hold a match are not decoded.
 */
export class ColumnChunk {
  readonly span: Span;
  /** Where the pages are, once the offset index is known. */
  places: PagePlace[] | null = null;
  /** Bytes that are kept. */
  bytes = 0;
  complete = false;
  private pages: Page[] = [];
  private dictionary: Value[] | null = null;
  private readonly decoder: Decoder;

  constructor(private readonly metadata: ColumnMetaData, element: SchemaElement) {
    const start = Number(metadata.dictionary_page_offset ?? metadata.data_page_offset);
    this.span = { start, end: start + Number(metadata.total_compressed_size) };
    const path = { count: 0, path: [element.name], children: [] };
    this.decoder = { pathInSchema: [element.name], type: metadata.type, codec: metadata.codec, parsers: DEFAULT_PARSERS, element,
      schemaPath: [{ ...path, path: [], element: { name: "root" } }, { ...path, element }] };
  }

  /** The span of the dictionary if it has one that has not been fetched. */
  dictionarySpan(): Span | null {
    const start = this.metadata.dictionary_page_offset;
    return start === undefined || this.dictionary !== null ? null : { start: Number(start), end: Number(this.metadata.data_page_offset) };
  }

  /** The place of the page with a row, counted from the start of the row group; null if it has been fetched. */
  missing(row: number): PagePlace | null {
    if (this.complete || this.pageOf(row) !== null) return null;
    return lastUntil(this.places ?? [], row) ?? null;
  }

  /** Takes the whole chunk. */
  takeAll(bytes: Uint8Array): void {
    if (this.complete) return;
    this.pages = [];
    this.bytes = 0;
    this.take(bytes, 0);
    this.complete = true;
  }

  /** Takes the dictionary, or pages of which the first begins with a row, counted from the start of the row group. */
  take(bytes: Uint8Array, first: number): void {
    if (this.complete) return; // all of it came in the meantime
    this.bytes += bytes.length;
    const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
    while (reader.offset < bytes.length) {
      const header = parquetHeader(reader);
      const body = bytes.subarray(reader.offset, reader.offset + header.compressed_page_size);
      reader.offset += header.compressed_page_size;
      if (header.dictionary_page_header !== undefined) this.dictionary = this.words(header, body);
      else if (header.data_page_header !== undefined) {
        const rows = header.data_page_header.num_values;
        this.pages.push({ first, rows, header, body });
        first += rows;
      } else throw new Error(`a page of the type ${header.type} cannot be read`);
    }
    this.pages.sort((a, b) => a.first - b.first);
  }

  /** The value of a row, counted from the start of the row group; undefined if it has not been fetched. */
  at(row: number): Value | undefined {
    const page = this.pageOf(row);
    if (page === null) return undefined;
    page.values ??= this.valuesOf(page);
    return page.values[row - page.first] ?? null;
  }

  /** All values. */
  all(): Value[] {
    return this.pages.flatMap((page) => page.values ?? this.valuesOf(page));
  }

  /** Sets a mark for each row whose value fulfils a condition. */
  mark(condition: Condition, marks: Uint8Array): void {
    const hits = this.dictionary?.map((value) => condition.passes(value));
    const none = condition.passes(null);
    const any = none || hits?.includes(true) === true;
    for (const page of this.pages) {
      if (isCoded(page)) {
        if (any) this.markCodes(page, hits ?? [], none, marks);
      } else if (this.metadata.type === "BYTE_ARRAY" && condition.contains !== undefined && !none) {
        this.markText(page, condition.contains, marks);
      } else this.valuesOf(page).forEach((value, row) => { if (condition.passes(value)) marks[page.first + row] = 1; });
    }
  }

  private markCodes(page: Page, hits: boolean[], none: boolean, marks: Uint8Array): void {
    const { levels, data } = this.decoded(page);
    let next = 0;
    for (let row = 0; row < page.rows; row += 1) {
      if (levels.length > 0 && levels[row] === 0 ? none : hits[Number(data[next++])]) marks[page.first + row] = 1;
    }
  }

  /** Marks rows that contain a text; a page that does not contain it anywhere is not taken apart. */
  private markText(page: Page, sought: string, marks: Uint8Array): void {
    const bytes = this.raw(page);
    const whole = latin1.decode(bytes).toLowerCase();
    let found = whole.indexOf(sought);
    if (found < 0) return;
    const { levels } = this.decoded(page, bytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = this.decoder.element.repetition_type === "REQUIRED" ? 0 : 4 + view.getUint32(0, true);
    for (let row = 0; row < page.rows && found >= 0; row += 1) {
      if (levels.length > 0 && levels[row] === 0) continue;
      const start = at + 4; // after the length
      at = start + view.getUint32(at, true);
      if (found < start) found = whole.indexOf(sought, start); // it was in a length, or in the row before
      if (found >= 0 && found + sought.length <= at) marks[page.first + row] = 1;
    }
  }

  private pageOf(row: number): Page | null {
    const page = lastUntil(this.pages, row);
    return page !== undefined && row < page.first + page.rows ? page : null;
  }

  private raw({ header, body }: Page): Uint8Array {
    return decompressPage(body, header.uncompressed_page_size, this.metadata.codec, undefined);
  }

  /** The values that a page stores, codes or not, and for each row 1 for a value and 0 for none; no levels if all have one. */
  private decoded(page: Page, bytes = this.raw(page)): { levels: ArrayLike<number>; data: ArrayLike<unknown> } {
    if (page.header.data_page_header === undefined) throw new Error("a page has no header");
    const { definitionLevels, dataPage } = readDataPage(bytes, page.header.data_page_header, this.decoder);
    return { levels: definitionLevels ?? [], data: dataPage };
  }

  private valuesOf(page: Page): Value[] {
    const { levels, data } = this.decoded(page);
    const coded = isCoded(page) ? this.dictionary ?? [] : null;
    const values = new Array<Value>(page.rows);
    let next = 0;
    for (let row = 0; row < page.rows; row += 1) {
      if (levels.length > 0 && levels[row] === 0) values[row] = null;
      else {
        const value = data[next++];
        values[row] = coded !== null ? coded[Number(value)] ?? null : plain(value instanceof Uint8Array ? text.decode(value) : value);
      }
    }
    return values;
  }

  private words(header: PageHeader, body: Uint8Array): Value[] {
    const bytes = decompressPage(body, header.uncompressed_page_size, this.metadata.codec, undefined);
    const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
    const stored = readPlain(reader, this.metadata.type, header.dictionary_page_header?.num_values ?? 0, undefined);
    return Array.from(convert(stored, this.decoder) as ArrayLike<unknown>, plain);
  }
}

function isCoded({ header }: Page): boolean {
  return header.data_page_header?.encoding.endsWith("_DICTIONARY") === true;
}

/** The last of some pages, in order, that begins with a row or before it. */
function lastUntil<T extends { first: number }>(pages: T[], row: number): T | undefined {
  let at = pages.length - 1;
  while (at > 0 && (pages[at]?.first ?? 0) > row) at -= 1;
  const page = pages[at];
  return page !== undefined && page.first <= row ? page : undefined;
}
