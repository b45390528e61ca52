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
use core\context\system;

/**
 * A set of rows that can be read: a value.
 *
 * Its rows are those of one table, which is called t in all SQL; their key is the id of that table.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
final class dataset {
    /** @var int with these PHP writes a text as any compact writer of JSON does that leaves UTF-8 as it is. */
    private const FLAGS = JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_LINE_TERMINATORS
        | JSON_INVALID_UTF8_SUBSTITUTE | JSON_THROW_ON_ERROR;

    /**
     * In a row integers come first, then decimals, as strings with all their digits, then texts.
     *
     * @param string $table name without prefix
     * @param string[] $capabilities all of these are needed at the system context
     * @param string[] $integers names of columns, the first is id
     * @param string[] $decimals names of columns
     * @param string[] $texts names of columns
     * @param array $expressions SQL of columns that are not the table's columns of the same name, or a function that gives it
     * @param string $joins SQL after the table
     * @param string $where SQL of what belongs to it, where that is not all
     * @param string|null $since name of the column by which it can be narrowed to what is new
     * @param array $values what $where names
     */
    public function __construct(
        /** @var string name without prefix */
        private readonly string $table,
        /** @var string[] all of these are needed at the system context */
        public readonly array $capabilities,
        /** @var string[] names of columns */
        private readonly array $integers,
        /** @var string[] names of columns */
        private readonly array $decimals = [],
        /** @var string[] names of columns */
        private readonly array $texts = [],
        /** @var array SQL, or a function that gives it, by name of column */
        private readonly array $expressions = [],
        /** @var string SQL */
        private readonly string $joins = '',
        /** @var string SQL */
        private readonly string $where = '',
        /** @var string|null name of a column */
        public readonly ?string $since = null,
        /** @var array by name in $where */
        private readonly array $values = [],
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
     * The same rows with these columns, as far as there are such, and the key.
     *
     * @param string[] $columns
     * @return dataset
     */
    public function only(array $columns): dataset {
        return $this->but([
            'integers' => array_values(array_intersect($this->integers, ['id', ...$columns])),
            'decimals' => array_values(array_intersect($this->decimals, $columns)),
            'texts' => array_values(array_intersect($this->texts, $columns)),
        ]);
    }

    /**
     * Those of the rows that are as new.
     *
     * @param int $moment epoch seconds
     * @return dataset
     */
    public function since(int $moment): dataset {
        return $this->narrowed($this->expression($this->since) . ' >= :since', ['since' => $moment]);
    }

    /**
     * Those of the rows that have one of these values.
     *
     * @param string $column of integers
     * @param int[] $chosen
     * @return dataset
     */
    public function with(string $column, array $chosen): dataset {
        global $DB;
        [$in, $values] = $DB->get_in_or_equal($chosen, SQL_PARAMS_NAMED);
        return $this->narrowed($this->expression($column) . " $in", $values);
    }

    /**
     * Whether there is such a column of integers, by which rows can be chosen.
     *
     * @param string $column
     * @return bool
     */
    public function has_integers(string $column): bool {
        return in_array($column, $this->integers);
    }

    /**
     * Capabilities that the caller lacks.
     *
     * @return string[]
     */
    public function lacking(): array {
        return array_values(array_filter($this->capabilities, fn($one) => !has_capability($one, system::instance())));
    }

    /**
     * Refuses callers who may not see the same on Moodle's screens.
     */
    public function require_capabilities(): void {
        foreach ($this->capabilities as $capability) {
            require_capability($capability, system::instance());
        }
    }

    /**
     * Rows after a key, in the order of keys: each as JSON, by its key.
     *
     * @param int $after
     * @param int $limit
     * @return Generator
     */
    public function rows(int $after, int $limit): Generator {
        global $DB;
        $integers = count($this->integers);
        $decimals = $integers + count($this->decimals);
        $all = $decimals + count($this->texts);
        $recordset = $DB->get_recordset_sql(...$this->query($after, $limit));
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
     * SQL, its values, offset and limit.
     *
     * @param int $after
     * @param int $limit
     * @return array
     */
    private function query(int $after, int $limit): array {
        $select = [];
        foreach ($this->columns() as $at => $name) {
            $select[] = $this->expression($name) . " AS c$at";
        }
        $where = $this->where ? "t.id > :after AND $this->where" : 't.id > :after';
        $sql = 'SELECT ' . implode(', ', $select) . " FROM {{$this->table}} t $this->joins WHERE $where ORDER BY t.id";
        return [$sql, ['after' => $after, ...$this->values], 0, $limit];
    }

    /**
     * Those of the rows for which this is true too.
     *
     * @param string $where SQL
     * @param array $values what it names
     * @return dataset
     */
    private function narrowed(string $where, array $values): dataset {
        return $this->but([
            'where' => $this->where ? "$this->where AND $where" : $where,
            'values' => [...$this->values, ...$values],
        ]);
    }

    /**
     * The same, but for this.
     *
     * @param array $other by name of property
     * @return dataset
     */
    private function but(array $other): dataset {
        return new dataset(...[...get_object_vars($this), ...$other]);
    }

    /**
     * SQL of a column. What the table lacks in this version is null.
     *
     * @param string $name
     * @return string
     */
    private function expression(string $name): string {
        global $DB;
        if ($told = $this->expressions[$name] ?? null) {
            return is_string($told) ? $told : $told();
        }
        return isset($DB->get_columns($this->table)[$name]) ? "t.$name" : 'NULL';
    }
}
