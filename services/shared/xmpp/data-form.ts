import { attribute, type Element, ns, xml } from './xml.ts'

/** A field of a data form (XEP-0004 §3.3). */
export interface FormField {
  /** What it is called in the protocol. */
  readonly name: string
  /** What people read. */
  readonly label?: string
  /** Left out: `text-single`. */
  readonly type?: 'fixed' | 'hidden' | 'jid-single' | 'list-multi' | 'list-single' | 'text-single'
  readonly required?: boolean
  readonly values?: readonly string[]
  readonly options?: readonly FormOption[]
}

/** One choice of a list. */
export interface FormOption {
  readonly value: string
  readonly label: string
}

/** Rows of equal fields (XEP-0004 §3.4). */
export interface FormTable {
  readonly columns: readonly FormField[]
  /** A value for each column, in their order. */
  readonly rows: readonly (readonly (string | number)[])[]
}

/** What a form shows or asks for. */
export interface FormContent {
  readonly title?: string
  readonly instructions?: string
  readonly fields?: readonly FormField[]
  readonly table?: FormTable
}

/** Builds a data form: `form` is to be filled in, `result` tells. `formType` names its fields (XEP-0068). */
export function dataForm(
  type: 'form' | 'result',
  formType: string,
  { title, instructions, fields = [], table }: FormContent,
): Element {
  return xml(
    'x',
    { xmlns: ns.dataForm, type },
    title && xml('title', {}, title),
    instructions && xml('instructions', {}, instructions),
    fieldElement({ name: 'FORM_TYPE', type: 'hidden', values: [formType] }),
    fields.map(fieldElement),
    table && tableElements(table),
  )
}

/**
 * The values of a submitted form by the name of their field; undefined when the element is no such form. A form of type
 * `cancel` reads as a submission, as XEP-0050 §3.5.1 wants.
 */
export function readSubmission(element: Element): ReadonlyMap<string, readonly string[]> | undefined {
  const type = attribute(element, 'type')
  if (!element.is('x', ns.dataForm) || (type !== 'submit' && type !== 'cancel')) return undefined
  return new Map(
    element
      .getChildren('field')
      .map(
        (field) => [attribute(field, 'var') ?? '', field.getChildren('value').map((value) => value.text())] as const,
      ),
  )
}

function fieldElement({ name, label, type, required, values = [], options = [] }: FormField): Element {
  return xml(
    'field',
    { var: type === 'fixed' ? undefined : name, type, label },
    required ? xml('required') : undefined,
    values.map(valueElement),
    options.map((option) => xml('option', { label: option.label }, valueElement(option.value))),
  )
}

function tableElements({ columns, rows }: FormTable): Element[] {
  const cells = (row: readonly (string | number)[]) =>
    row.map((value, index) => xml('field', { var: columns[index]?.name }, valueElement(String(value))))
  return [xml('reported', {}, columns.map(fieldElement)), ...rows.map((row) => xml('item', {}, cells(row)))]
}

function valueElement(value: string): Element {
  return xml('value', {}, value)
}
