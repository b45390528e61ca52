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
 * French strings.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

defined('MOODLE_INTERNAL') || die();

$string['accountisspecial'] = 'Ce compte est celui d’un administrateur du site ou du visiteur anonyme : choisissez-en un autre par --username.';
$string['connector:outbox'] = 'Lire et vider la boîte d’envoi des modifications';
$string['connector:read'] = 'Lire des jeux de données en masse, dans les limites des autres permissions';
$string['connector:write'] = 'Écrire en masse, dans les limites des autres permissions';
$string['noids'] = 'Les identifiants doivent être une liste de nombres entiers, écrite en JSON.';
$string['norows'] = 'Les lignes doivent être une liste d’objets, écrite en JSON.';
$string['noservice'] = 'L’installation du plugin n’est pas allée à son terme : son service {$a} manque à ce site. Lancez admin/cli/upgrade.php ; s’il n’y a rien à faire, désinstallez le plugin et installez-le de nouveau. Rien n’a été modifié.';
$string['nosuchcolumn'] = 'Ce jeu de données n’a pas de colonne d’entiers de ce nom.';
$string['nosuchdataset'] = 'Il n’y a pas de jeu de données de ce nom, ou ce dont il est lu n’est pas installé.';
$string['nosuchoperation'] = 'Il n’y a pas d’opération de ce nom.';
$string['nosuchoption'] = 'L’option --with ne connaît pas : {$a}';
$string['nosuchrole'] = 'Ce site n’a pas de rôle dont le nom abrégé est {$a}.';
$string['notaborder'] = 'Le paramètre after doit être 0 ou la dernière clé d’un intervalle.';
$string['notenrolled'] = 'Cette personne n’a pas d’inscription manuelle à ce cours.';
$string['notimes'] = 'Ce jeu de données n’a pas de dates par lesquelles on pourrait le restreindre.';
$string['outbox'] = 'Boîte d’envoi';
$string['outboxdays'] = 'Jours dans la boîte d’envoi';
$string['outboxdays_desc'] = 'Ce que le connecteur n’a pas pris dans la boîte d’envoi pendant ce nombre de jours est supprimé ; ses relectures complètes retrouvent ces modifications plus tard.';
$string['outofrange'] = 'Le paramètre {$a->name} doit être compris entre {$a->least} et {$a->most}.';
$string['pluginname'] = 'Connecteur';
$string['privacy:metadata:calendar'] = 'Les échéances sont inscrites dans les calendriers des personnes concernées.';
$string['privacy:metadata:connector'] = 'Le connecteur lit ce que son compte peut lire et le copie dans une base de données de rapports.';
$string['privacy:metadata:connector:fields'] = 'Comptes avec champs personnalisés, cohortes, rôles, groupes, inscriptions, achèvements, notes, badges et certificats.';
$string['privacy:metadata:outbox'] = 'Modifications que le connecteur n’a pas encore prises.';
$string['privacy:metadata:outbox:action'] = 'Comment cela a changé.';
$string['privacy:metadata:outbox:courseid'] = 'Le cours dans lequel cela a changé.';
$string['privacy:metadata:outbox:kind'] = 'Le type de données qui a changé.';
$string['privacy:metadata:outbox:objectid'] = 'Le numéro de l’élément qui a changé.';
$string['privacy:metadata:outbox:timecreated'] = 'Quand cela a changé.';
$string['privacy:metadata:outbox:userid'] = 'La personne dont les données ont changé.';
$string['tasktell'] = 'Prévenir le connecteur qu’il y a quelque chose à prendre';
$string['tasktidy'] = 'Ranger la boîte d’envoi du connecteur';
$string['unexpected'] = 'Cette ligne a échoué dans Moodle d’une façon que personne n’avait prévue ; avec le débogage, Moodle en dit plus aux développeurs.';
$string['webhookfailed'] = 'Le webhook du connecteur n’a pas pu être appelé : {$a}';
$string['webhooksecret'] = 'Secret du webhook';
$string['webhooksecret_desc'] = 'Chaque appel est signé avec lui ; le connecteur doit connaître le même secret. Sans secret, rien n’est appelé.';
$string['webhookurl'] = 'Adresse du webhook';
$string['webhookurl_desc'] = 'Moodle prévient cette adresse quand il y a quelque chose à prendre, sans rien dire de ce que c’est. Si elle se trouve dans votre propre réseau ou a un port autre que 80 et 443, autorisez-la dans les réglages de sécurité HTTP (liste des hôtes bloqués et liste des ports autorisés de cURL). Vide : rien n’est appelé, et le connecteur regarde de lui-même.';
