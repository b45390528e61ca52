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

/**
 * Strings in Traditional Chinese.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

defined('MOODLE_INTERNAL') || die();

$string['accountisspecial'] = '這個帳號是網站管理員或訪客帳號：請以 --username 選擇其他帳號。';
$string['connector:outbox'] = '讀取並清除變更寄件匣';
$string['connector:read'] = '在其他權限許可的範圍內大量讀取資料集';
$string['connector:write'] = '在其他權限許可的範圍內大量寫入';
$string['noids'] = '識別碼必須是以 JSON 寫成的整數清單。';
$string['norows'] = '資料列必須是以 JSON 寫成的物件清單。';
$string['noservice'] = '外掛尚未安裝完成：本網站缺少它的服務 {$a}。請執行 admin/cli/upgrade.php；若沒有可升級的項目，請解除安裝此外掛後重新安裝。尚未變更任何內容。';
$string['nosuchcolumn'] = '此資料集沒有這個名稱的整數欄位。';
$string['nosuchdataset'] = '沒有這個名稱的資料集，或其資料來源未安裝。';
$string['nosuchoperation'] = '沒有這個名稱的操作。';
$string['nosuchoption'] = '選項 --with 不認識：{$a}';
$string['nosuchrole'] = '本網站沒有簡稱為 {$a} 的角色。';
$string['notaborder'] = '參數 after 必須是 0 或某個區段的最後一個鍵。';
$string['notenrolled'] = '此人在這門課程中沒有手動選課。';
$string['notimes'] = '這個資料集沒有可用來縮小範圍的時間。';
$string['outbox'] = '寄件匣';
$string['outboxdays'] = '寄件匣保留天數';
$string['outboxdays_desc'] = '連接器在這麼多天內未從寄件匣取走的內容會被刪除；之後的全面比對仍會找到這些變更。';
$string['outofrange'] = '參數 {$a->name} 必須介於 {$a->least} 與 {$a->most} 之間。';
$string['pluginname'] = '連接器';
$string['privacy:metadata:calendar'] = '期限會寫入相關人員的行事曆。';
$string['privacy:metadata:connector'] = '連接器讀取其帳號可讀取的內容，並複製到報表資料庫。';
$string['privacy:metadata:connector:fields'] = '帳號及自訂欄位、校定班級（cohort）、角色、群組、選課、完成狀態、成績、獎章與證書。';
$string['privacy:metadata:outbox'] = '連接器尚未取走的變更。';
$string['privacy:metadata:outbox:action'] = '如何變更。';
$string['privacy:metadata:outbox:courseid'] = '發生變更的課程。';
$string['privacy:metadata:outbox:kind'] = '哪一類資料已變更。';
$string['privacy:metadata:outbox:objectid'] = '已變更項目的編號。';
$string['privacy:metadata:outbox:timecreated'] = '何時變更。';
$string['privacy:metadata:outbox:userid'] = '誰的資料已變更。';
$string['tasktell'] = '通知連接器有內容可取';
$string['tasktidy'] = '整理連接器的寄件匣';
$string['unexpected'] = '這一列在 Moodle 內部以無人預料的方式失敗；開啟除錯後，Moodle 會告訴開發人員更多訊息。';
$string['webhookfailed'] = '無法呼叫連接器的 webhook：{$a}';
$string['webhooksecret'] = 'Webhook 密鑰';
$string['webhooksecret_desc'] = '每次呼叫都以此簽章；連接器必須知道相同的密鑰。沒有密鑰就不會呼叫。';
$string['webhookurl'] = 'Webhook 網址';
$string['webhookurl_desc'] = '有內容可取時，Moodle 會通知這個網址，但不透露任何內容。若網址位於您自己的網路內，或使用 80 與 443 以外的連接埠，請在 HTTP 安全設定中允許它（cURL 封鎖主機清單、cURL 允許連接埠清單）。留空：不呼叫任何網址，由連接器自行查看。';
