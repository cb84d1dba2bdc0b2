import { engineContract } from '../engine.contract.ts'
import { SpliceEngine } from './engine.ts'

engineContract(
  new SpliceEngine({
    budget: { bytes: 8 * 1024 * 1024, pipes: 64 },
    userTimeoutMs: 0,
    onCrash(error) {
      throw error
    },
  }),
)
