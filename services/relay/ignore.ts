/** Takes no notice: a socket that is being closed has nothing to report that anybody would act on. */
export function ignore(): void {}
