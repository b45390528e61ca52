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
 * Vietnamese strings.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

defined('MOODLE_INTERNAL') || die();

$string['accountisspecial'] = 'Tài khoản này là quản trị viên của trang hoặc tài khoản khách: hãy chọn tài khoản khác bằng --username.';
$string['connector:outbox'] = 'Đọc và xóa hộp gửi các thay đổi';
$string['connector:read'] = 'Đọc hàng loạt các tập dữ liệu, trong phạm vi các quyền khác cho phép';
$string['connector:write'] = 'Ghi hàng loạt, trong phạm vi các quyền khác cho phép';
$string['noids'] = 'Các mã định danh phải là một danh sách số nguyên viết bằng JSON.';
$string['norows'] = 'Các dòng phải là một danh sách đối tượng viết bằng JSON.';
$string['noservice'] = 'Plugin chưa được cài đặt trọn vẹn: trang này thiếu dịch vụ {$a} của nó. Hãy chạy admin/cli/upgrade.php; nếu không có gì để nâng cấp, hãy gỡ cài đặt plugin rồi cài đặt lại. Chưa có gì bị thay đổi.';
$string['nosuchcolumn'] = 'Tập dữ liệu này không có cột số nguyên nào tên như vậy.';
$string['nosuchdataset'] = 'Không có tập dữ liệu nào tên như vậy, hoặc nguồn của nó chưa được cài đặt.';
$string['nosuchoperation'] = 'Không có thao tác nào tên như vậy.';
$string['nosuchoption'] = 'Tùy chọn --with không biết: {$a}';
$string['nosuchrole'] = 'Trang này không có vai trò nào có tên tắt là {$a}.';
$string['notaborder'] = 'Tham số after phải là 0 hoặc khóa cuối của một khoảng.';
$string['notenrolled'] = 'Người này không có ghi danh thủ công trong khóa học này.';
$string['notimes'] = 'Tập dữ liệu này không có thời gian nào để thu hẹp.';
$string['outbox'] = 'Hộp gửi';
$string['outboxdays'] = 'Số ngày trong hộp gửi';
$string['outboxdays_desc'] = 'Những gì trình kết nối không lấy khỏi hộp gửi trong ngần ấy ngày sẽ bị xóa; các lần quét toàn bộ sau đó vẫn tìm ra những thay đổi này.';
$string['outofrange'] = 'Tham số {$a->name} phải nằm trong khoảng từ {$a->least} đến {$a->most}.';
$string['pluginname'] = 'Trình kết nối';
$string['privacy:metadata:calendar'] = 'Các thời hạn được ghi vào lịch của những người liên quan.';
$string['privacy:metadata:connector'] = 'Trình kết nối đọc những gì tài khoản của nó được phép đọc và sao chép vào một cơ sở dữ liệu báo cáo.';
$string['privacy:metadata:connector:fields'] = 'Tài khoản kèm trường tùy chỉnh, nhóm người dùng (cohort), vai trò, nhóm, ghi danh, hoàn thành, điểm, huy hiệu và chứng chỉ.';
$string['privacy:metadata:outbox'] = 'Những thay đổi mà trình kết nối chưa lấy.';
$string['privacy:metadata:outbox:action'] = 'Đã thay đổi như thế nào.';
$string['privacy:metadata:outbox:courseid'] = 'Khóa học có thay đổi.';
$string['privacy:metadata:outbox:kind'] = 'Loại dữ liệu đã thay đổi.';
$string['privacy:metadata:outbox:objectid'] = 'Số của mục đã thay đổi.';
$string['privacy:metadata:outbox:timecreated'] = 'Đã thay đổi khi nào.';
$string['privacy:metadata:outbox:userid'] = 'Dữ liệu của ai đã thay đổi.';
$string['tasktell'] = 'Báo cho trình kết nối rằng có thứ cần lấy';
$string['tasktidy'] = 'Dọn hộp gửi của trình kết nối';
$string['unexpected'] = 'Dòng này đã thất bại bên trong Moodle theo cách không ai lường trước; khi bật gỡ lỗi, Moodle cho nhà phát triển biết thêm.';
$string['webhookfailed'] = 'Không gọi được webhook của trình kết nối: {$a}';
$string['webhooksecret'] = 'Khóa bí mật của webhook';
$string['webhooksecret_desc'] = 'Mỗi lần gọi được ký bằng khóa này; trình kết nối phải biết cùng khóa đó. Không có khóa thì không gọi gì cả.';
$string['webhookurl'] = 'Địa chỉ webhook';
$string['webhookurl_desc'] = 'Moodle báo cho địa chỉ này khi có thứ cần lấy, và không nói đó là gì. Nếu địa chỉ nằm trong mạng riêng của bạn hoặc có cổng khác 80 và 443, hãy cho phép nó trong phần thiết lập bảo mật HTTP (danh sách máy chủ bị cURL chặn, danh sách cổng cURL được phép). Để trống: không gọi gì cả, trình kết nối tự xem.';
