import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseStanza } from '../support/parse-stanza.ts'
import { chartOf } from './chart.ts'
import { documentOf } from './document.ts'
import { atMost, type Findings, ratio } from './findings.ts'
import type { Machine } from './machine.ts'
import { resultsPage } from './results.ts'
import { asMarkdown, asText, figuresTable, gapsTable, ratiosTable, short } from './table.ts'

const machine: Machine = {
  cpu: 'Some CPU',
  cores: 2,
  memoryGib: 8,
  kernel: '6.1',
  node: 'v24',
  peers: { HAProxy: '2.6' },
  date: '2026-01-02T03:04:05.000Z',
}
const ours = { name: 'CPU', subject: 'splice65', unit: 's/GiB', rounds: [1, 3, 2] }
const floor = { name: 'CPU', subject: 'C <floor>', unit: 's/GiB', rounds: [2, 2, 2] }
const missing = { name: 'CPU', subject: 'gone', unit: 's/GiB', rounds: [] }
const found: Findings = {
  figures: [ours, floor, missing],
  ratios: [
    ratio('CPU: splice65 / C floor', atMost(1.25), ours, floor),
    ratio('CPU: splice65 / gone', atMost(1), ours, missing),
  ],
  gaps: [{ what: 'CPU, gone', reason: 'Cannot start gone\nwith a stack' }],
}

describe('documentOf()', () => {
  it('has the shape that readers of --json rely on', () => {
    assert.deepEqual(documentOf(machine, found), {
      machine,
      figures: [
        { name: 'CPU', subject: 'splice65', value: 2, unit: 's/GiB', rounds: [1, 3, 2] },
        { name: 'CPU', subject: 'C <floor>', value: 2, unit: 's/GiB', rounds: [2, 2, 2] },
        { name: 'CPU', subject: 'gone', value: null, unit: 's/GiB', rounds: [] },
      ],
      ratios: [
        { name: 'CPU: splice65 / C floor', value: 1, goal: '≤ 1.25', ok: true },
        { name: 'CPU: splice65 / gone', value: null, goal: '≤ 1', ok: false },
      ],
    })
  })
})

describe('tables', () => {
  it('show median and spread', () => {
    assert.deepEqual(figuresTable([ours]).at(-1), ['CPU', 'splice65', '2.00', '1.00 – 3.00', 's/GiB'])
  })

  it('shout what is missed or was not measured', () => {
    assert.deepEqual(ratiosTable(found.ratios).slice(1), [
      ['CPU: splice65 / C floor', '1.00', '0.500 – 1.50', '≤ 1.25', 'ok'],
      ['CPU: splice65 / gone', 'not measured', '', '≤ 1', 'MISSED'],
    ])
    assert.deepEqual(gapsTable(found.gaps).at(-1), ['CPU, gone', 'Cannot start gone'])
  })

  it('stand in columns, and in Markdown', () => {
    const table = [
      ['a', 'b'],
      ['long', 'x|y'],
    ]
    assert.equal(asText(table), 'a     b\n────  ───\nlong  x|y')
    assert.equal(asMarkdown(table), '| a | b |\n| --- | --- |\n| long | x\\|y |')
  })
})

describe('short()', () => {
  it('writes three digits', () => {
    assert.deepEqual([0, 0.01234, 0.1234, 1.234, 12.34, 123.4, 12_345.6].map(short), [
      '0.00',
      '0.0123',
      '0.123',
      '1.23',
      '12.3',
      '123',
      '12346',
    ])
  })
})

describe('resultsPage()', () => {
  it('says for every missed goal what was tried', () => {
    const page = resultsPage(machine, found, { 'CPU: splice65 / gone': 'We looked everywhere.' })
    assert.match(page, /on 2026-01-02; 1 of 2 goals kept/)
    assert.match(page, /- \*\*CPU: splice65 \/ gone\*\*: We looked everywhere\./)
    assert.match(page, /## Not measured/)
  })
})

describe('chartOf()', () => {
  const panel = { figure: 'CPU', title: 'CPU & more', better: 'less' } as const

  it('draws one bar for each subject that was measured, best first', () => {
    const svg = parseStanza(chartOf([ours, { ...floor, rounds: [1] }, missing], [panel]))
    const labels = svg.getChildren('text').map((text) => text.text())
    assert.equal(svg.getChildren('rect').length, 2)
    assert.deepEqual(labels.slice(1), ['C <floor>', '1.00', 'splice65', '2.00'])
  })

  it('cuts a bar that would dwarf the others', () => {
    const slow = { ...floor, rounds: [1_000] }
    const svg = parseStanza(chartOf([ours, floor, slow], [panel]))
    assert.equal(svg.getChildren('path').length, 1)
  })

  it('leaves out a panel without figures', () => {
    assert.equal(parseStanza(chartOf([], [panel])).getChildren('rect').length, 0)
  })
})
