import { type Admission, createAdmission } from '../shared/component/admission.ts'

/** Who may do what at the courier. */
export interface Admissions {
  /** Who may send. */
  readonly sender: Admission
  /** For whom files are kept. */
  readonly recipient: Admission
}

export interface AdmissionsOptions {
  readonly componentDomain: string
  readonly allow: readonly string[]
  readonly deny: readonly string[]
  readonly recipients: readonly string[]
}

/** Builds them. Throws `malformed` as `createAdmission`. */
export function createAdmissions(options: AdmissionsOptions): Admissions {
  const { componentDomain, recipients } = options
  return {
    sender: createAdmission(options),
    recipient: createAdmission({ componentDomain, allow: recipients, deny: [] }),
  }
}
