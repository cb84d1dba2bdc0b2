import { engineContract } from './engine.contract.ts'
import { streamEngine } from './stream.ts'

engineContract(streamEngine)
