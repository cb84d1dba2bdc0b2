import { Command } from 'commander'
import { controlOptions } from '../../control/config.ts'
import { courierOptions } from '../../courier/config.ts'
import { relayOptions } from '../../relay/config.ts'
import { describeOptions } from '../../shared/runtime/options.ts'

/** `splice65 relay`: the service, as the image runs it. */
export function relayCommand(): Command {
  return new Command('relay')
    .description('run a relay; RELAY_… in the environment configures it')
    .addHelpText('after', () => describeOptions('relay', relayOptions))
    .action(async () => void (await import('../../relay/main.ts')))
}

/** `splice65 control`: the service, as the image runs it. */
export function controlCommand(): Command {
  return new Command('control')
    .description('run control; CONTROL_… in the environment configures it')
    .addHelpText('after', () => describeOptions('control', controlOptions))
    .action(async () => void (await import('../../control/main.ts')))
}

/** `splice65 courier`: the service, as the image runs it. */
export function courierCommand(): Command {
  return new Command('courier')
    .description('run a courier; COURIER_… in the environment configures it')
    .addHelpText('after', () => describeOptions('courier', courierOptions))
    .action(async () => void (await import('../../courier/main.ts')))
}
