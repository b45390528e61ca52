<?php
// This file is part of Moodle - https://moodle.org/
//
// Moodle is free software: you can redistribute it and/or modify
// it under the terms of the GNU General Public License as published by
// the Free Software Foundation, either version 3 of the License, or
// (at your option) any later version.
//
// Moodle is distributed in the hope that it will be useful,
// but WITHOUT ANY WARRANTY; without even the implied warranty of
// MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the
// GNU General Public License for more details.
//
// You should have received a copy of the GNU General Public License
// along with Moodle.  If not, see <https://www.gnu.org/licenses/>.

namespace local_connector\local;

use Generator;

/**
 * A set of rows that can be read.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
final class dataset {
    /** @var int as PHP writes JSON with these, a row is byte for byte what any compact writer of JSON makes of it. */
    private const FLAGS = JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_LINE_TERMINATORS
        | JSON_INVALID_UTF8_SUBSTITUTE | JSON_THROW_ON_ERROR;

    /**
     * Its rows are those of one table, which is called t in all SQL; their key is the table's id.
     *
     * @param string $table name without prefix
     * @param string[] $capabilities all of these are needed at the system context
     * @param string[] $integers names of columns, the first is id; in a row they come in this order,
     * @param string[] $decimals then these, as strings with all their digits,
     * @param string[] $texts then these
     * @param string[] $expressions SQL of columns that are not columns of the table, by name
     * @param string $joins SQL after the table's name
     * @param string $where SQL of what is left out
     * @param string|null $since name of the column by which can be narrowed to what is new
     */
    public function __construct(
        /** @var string name without prefix */
        public readonly string $table,
        /** @var string[] all of these are needed at the system context */
        public readonly array $capabilities,
        /** @var string[] names of columns with numbers */
        public readonly array $integers,
        /** @var string[] names of columns with decimals */
        public readonly array $decimals = [],
        /** @var string[] names of columns with texts */
        public readonly array $texts = [],
        /** @var string[] SQL by name */
        private readonly array $expressions = [],
        /** @var string SQL */
        private readonly string $joins = '',
        /** @var string SQL */
        private readonly string $where = '',
        /** @var string|null name of a column */
        public readonly ?string $since = null,
    ) {
    }

    /**
     * Whether what it is read from is installed.
     *
     * @return bool
     */
    public function is_there(): bool {
        global $DB;
        return $DB->get_manager()->table_exists($this->table);
    }

    /**
     * Names of the columns, in the order of the values in a row.
     *
     * @return string[]
     */
    public function columns(): array {
        return [...$this->integers, ...$this->decimals, ...$this->texts];
    }

    /**
     * Refuses whoever may not see the same on Moodle's screens.
     */
    public function require_capabilities(): void {
        foreach ($this->capabilities as $capability) {
            require_capability($capability, \core\context\system::instance());
        }
    }

    /**
     * Rows after a key, in the order of keys: each a JSON array, by its key.
     *
     * @param int $after
     * @param int $limit
     * @param int $since epoch seconds, 0 for all; only where there is a column for it
     * @return Generator
     */
    public function rows(int $after, int $limit, int $since = 0): Generator {
        global $DB;
        $recordset = $DB->get_recordset_sql(...$this->query($after, $limit, $since));
        $integers = count($this->integers);
        $decimals = $integers + count($this->decimals);
        $all = $decimals + count($this->texts);
        try {
            foreach ($recordset as $record) {
                $values = array_values((array) $record);
                for ($at = 0; $at < $integers; $at++) {
                    $values[$at] ??= 'null';
                }
                for (; $at < $decimals; $at++) {
                    $values[$at] = $values[$at] === null ? 'null' : '"' . $values[$at] . '"';
                }
                for (; $at < $all; $at++) {
                    $values[$at] = json_encode($values[$at], self::FLAGS);
                }
                yield (int) $values[0] => '[' . implode(',', $values) . ']';
            }
        } finally {
            $recordset->close();
        }
    }

    /**
     * SQL, values, offset and limit.
     *
     * @param int $after
     * @param int $limit
     * @param int $since
     * @return array
     */
    private function query(int $after, int $limit, int $since): array {
        $select = [];
        foreach ($this->columns() as $at => $name) {
            $select[] = $this->expression($name) . " AS c$at";
        }
        $where = 't.id > :after' . ($this->where === '' ? '' : " AND $this->where");
        $values = ['after' => $after];
        if ($since) {
            $where .= ' AND ' . $this->expression($this->since) . ' >= :since';
            $values['since'] = $since;
        }
        $sql = 'SELECT ' . implode(', ', $select) . " FROM {{$this->table}} t $this->joins WHERE $where ORDER BY t.id";
        return [$sql, $values, 0, $limit];
    }

    /**
     * SQL of a column.
     *
     * @param string $name
     * @return string
     */
    private function expression(string $name): string {
        return $this->expressions[$name] ?? "t.$name";
    }
}
