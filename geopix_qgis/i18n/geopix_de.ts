<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name>geopix</name>
    <message>
        <location filename="../antimeridian.py"/>
        <source>A polygon holds a pole: it has no outline in longitude and latitude. Choose GeoPackage.</source>
        <translation>Ein Polygon enthält einen Pol: In Länge und Breite hat es keinen Umriss. Wählen Sie GeoPackage.</translation>
    </message>
    <message>
        <location filename="../areas.py"/>
        <source>{polygons} of {chosen}</source>
        <translation>{polygons} von {chosen}</translation>
    </message>
    <message>
        <location filename="../areas.py"/>
        <source>whole layer</source>
        <translation>ganzer Layer</translation>
    </message>
    <message>
        <location filename="../areas.py"/>
        <source>drawn box</source>
        <translation>gezeichnetes Rechteck</translation>
    </message>
    <message>
        <location filename="../areas.py"/>
        <source>{size_m:g} m around a point</source>
        <translation>{size_m:g} m um einen Punkt</translation>
    </message>
    <message>
        <location filename="../areas.py"/>
        <source>tile {address}</source>
        <translation>Kachel {address}</translation>
    </message>
    <message>
        <location filename="../areas.py"/>
        <source>The box has no area. Drag from one corner to the opposite one.</source>
        <translation>Das Rechteck hat keine Fläche. Ziehen Sie es von einer Ecke zur gegenüberliegenden.</translation>
    </message>
    <message>
        <location filename="../areas.py"/>
        <source>There is no square of {size_m:g} m around this point. Click on the raster.</source>
        <translation>Um diesen Punkt gibt es kein Quadrat von {size_m:g} m. Klicken Sie auf das Raster.</translation>
    </message>
    <message>
        <location filename="../areas.py"/>
        <source>A tile is z/x/y, three whole numbers such as 17/68650/45900.</source>
        <translation>Eine Kachel ist z/x/y, drei ganze Zahlen wie 17/68650/45900.</translation>
    </message>
    <message>
        <location filename="../areas.py"/>
        <source>The tile {address} has zoom {zoom}. Choose 0 to {max_zoom}.</source>
        <translation>Die Kachel {address} hat die Zoomstufe {zoom}. Wählen Sie 0 bis {max_zoom}.</translation>
    </message>
    <message>
        <location filename="../areas.py"/>
        <source>There is no tile {address}: at zoom {zoom} x and y run from 0 to {count}.</source>
        <translation>Es gibt keine Kachel {address}: Auf Zoomstufe {zoom} gehen x und y von 0 bis {count}.</translation>
    </message>
    <message>
        <location filename="../areas.py"/>
        <source>{count:,} polygons of {chosen} are selected. Select at most {max_polygons:,}.</source>
        <translation>{count:,} Polygone von {chosen} sind ausgewählt. Wählen Sie höchstens {max_polygons:,} aus.</translation>
    </message>
    <message>
        <location filename="../areas.py"/>
        <source>The selected polygons of {chosen} have no area. Select others.</source>
        <translation>Die ausgewählten Polygone von {chosen} haben keine Fläche. Wählen Sie andere aus.</translation>
    </message>
    <message>
        <location filename="../areas.py"/>
        <source>No polygon is selected. Select polygons of a vector layer on the map.</source>
        <translation>Es ist kein Polygon ausgewählt. Wählen Sie auf der Karte Polygone eines Vektorlayers aus.</translation>
    </message>
    <message>
        <location filename="../areas.py"/>
        <source>Polygons are selected in {names}. Make one of these the active layer.</source>
        <translation>Polygone sind in {names} ausgewählt. Machen Sie einen dieser Layer zum aktiven Layer.</translation>
    </message>
    <message>
        <location filename="../asking.py"/>
        <source>nothing was found so far.</source>
        <translation>bisher wurde nichts gefunden.</translation>
    </message>
    <message>
        <location filename="../asking.py"/>
        <source>{done} of {total} windows were read; {kept}</source>
        <translation>{done} von {total} Fenstern wurden gelesen; {kept}</translation>
    </message>
    <message>
        <location filename="../asking.py"/>
        <location filename="../gui/setup_progress.py"/>
        <source>Stopped.</source>
        <translation>Angehalten.</translation>
    </message>
    <message>
        <location filename="../asking.py"/>
        <source>the {regions} polygons found so far are kept.</source>
        <translation>die {regions} bisher gefundenen Polygone bleiben erhalten.</translation>
    </message>
    <message>
        <location filename="../asking.py"/>
        <source>the 1 polygon found so far is kept.</source>
        <translation>das eine bisher gefundene Polygon bleibt erhalten.</translation>
    </message>
    <message>
        <location filename="../asking.py"/>
        <source>Polygons below {area} m² cannot be left out: {name} has no CRS, so nothing on it can be measured in m². Set the CRS of the layer, or the least area of a polygon to 0.</source>
        <translation>Polygone unter {area} m² lassen sich nicht weglassen: {name} hat kein KBS, also ist dort nichts in m² messbar. Setzen Sie das KBS des Layers, oder die Mindestfläche eines Polygons auf 0.</translation>
    </message>
    <message>
        <location filename="../asking.py"/>
        <source>The prompt is empty. Say what to look for, such as 'segment all buildings'.</source>
        <translation>Die Eingabe ist leer. Sagen Sie auf Englisch, was gesucht wird, zum Beispiel 'segment all buildings'.</translation>
    </message>
    <message>
        <location filename="../asking.py"/>
        <source>The prompt has {count:,} characters. Shorten it to at most {max_prompt_chars:,}.</source>
        <translation>Die Eingabe hat {count:,} Zeichen. Kürzen Sie sie auf höchstens {max_prompt_chars:,}.</translation>
    </message>
    <message>
        <location filename="../backend_process.py"/>
        <source>The model runs in a process of its own, which is not installed yet. Press Set up... in the dock of GeoPix: it says what it will do, and asks first.</source>
        <translation>Das Modell läuft in einem eigenen Prozess, der noch nicht installiert ist. Drücken Sie „Einrichten …“ im Fenster von GeoPix: Es sagt, was es tun wird, und fragt vorher.</translation>
    </message>
    <message>
        <location filename="../backend_process.py"/>
        <source>the settings</source>
        <translation>den Einstellungen</translation>
    </message>
    <message>
        <location filename="../backend_process.py"/>
        <source>The installed model process is of version {version}, this plugin of version {plugin_version}. Press Set up... to install the one that belongs to it; the old one is then removed.</source>
        <translation>Der installierte Modellprozess hat die Version {version}, diese Erweiterung die Version {plugin_version}. Drücken Sie „Einrichten …“, um den passenden zu installieren; der alte wird dann entfernt.</translation>
    </message>
    <message>
        <location filename="../backend_process.py"/>
        <source>it crashed or was killed, perhaps because the memory was full. Ask again to restart it</source>
        <translation>er ist abgestürzt oder wurde beendet, vielleicht weil der Arbeitsspeicher voll war. Fragen Sie noch einmal, um ihn neu zu starten</translation>
    </message>
    <message>
        <location filename="../backend_process.py"/>
        <source>The model process ended unexpectedly (code {code}): {why}.</source>
        <translation>Der Modellprozess ist unerwartet zu Ende gegangen (Code {code}): {why}.</translation>
    </message>
    <message>
        <location filename="../backend_process.py"/>
        <source>The model process was not ready within {start_limit_ms} s. Ask again to restart it.</source>
        <translation>Der Modellprozess war nicht innerhalb von {start_limit_ms} s bereit. Fragen Sie noch einmal, um ihn neu zu starten.</translation>
    </message>
    <message>
        <location filename="../backend_process.py"/>
        <source>The Python named by {source} does not exist: {named}. Choose another one.</source>
        <translation>Das von {source} genannte Python gibt es nicht: {named}. Wählen Sie ein anderes.</translation>
    </message>
    <message>
        <location filename="../backend_process.py"/>
        <source>The model process speaks version {found} of the protocol and this plugin version {version}. Install the same release of both.</source>
        <translation>Der Modellprozess spricht die Version {found} des Protokolls, diese Erweiterung die Version {version}. Installieren Sie beide aus derselben Ausgabe.</translation>
    </message>
    <message>
        <location filename="../backend_process.py"/>
        <source>The model process did not start: {program} is not a program that runs. Choose another Python.</source>
        <translation>Der Modellprozess ist nicht gestartet: {program} ist kein Programm, das läuft. Wählen Sie ein anderes Python.</translation>
    </message>
    <message>
        <location filename="../backend_process.py"/>
        <source>it did not say why. Ask again to restart it</source>
        <translation>er hat nicht gesagt, warum. Fragen Sie noch einmal, um ihn neu zu starten</translation>
    </message>
    <message>
        <location filename="../client.py"/>
        <source>Ask again; if it stays silent, press Restart in the menu under Model and its process.</source>
        <translation>Fragen Sie noch einmal; schweigt er weiter, drücken Sie im Menü unter „Modell und sein Prozess“ auf „Neu starten“.</translation>
    </message>
    <message>
        <location filename="../client.py"/>
        <source>The model process broke off its answer.</source>
        <translation>Der Modellprozess hat seine Antwort abgebrochen.</translation>
    </message>
    <message>
        <location filename="../client.py"/>
        <source>The model process has been silent for {seconds} s. {how}</source>
        <translation>Der Modellprozess schweigt seit {seconds} s. {how}</translation>
    </message>
    <message>
        <location filename="../client.py"/>
        <source>The model process refused the question with HTTP status {status}.</source>
        <translation>Der Modellprozess hat die Frage mit dem HTTP-Status {status} abgelehnt.</translation>
    </message>
    <message>
        <location filename="../client.py"/>
        <source>The answer of the model process cannot be read: {error}</source>
        <translation>Die Antwort des Modellprozesses kann nicht gelesen werden: {error}</translation>
    </message>
    <message>
        <location filename="../conversation.py"/>
        <source>The model process broke off its answer. Ask again; if it repeats, ask about a smaller area.</source>
        <translation>Der Modellprozess hat seine Antwort abgebrochen. Fragen Sie noch einmal; wiederholt es sich, fragen Sie nach einem kleineren Gebiet.</translation>
    </message>
    <message>
        <location filename="../conversation.py"/>
        <source>{seconds:.1f} s, {model} on {device}</source>
        <translation>{seconds:.1f} s, {model} auf {device}</translation>
    </message>
    <message>
        <location filename="../conversation.py"/>
        <source>The connection to the server broke. The next question connects anew.</source>
        <translation>Die Verbindung zum Server ist abgebrochen. Die nächste Frage verbindet neu.</translation>
    </message>
    <message>
        <location filename="../conversation.py"/>
        <source>Rendering the layer...</source>
        <translation>Der Layer wird gezeichnet …</translation>
    </message>
    <message>
        <location filename="../conversation.py"/>
        <source>Starting the model...</source>
        <translation>Das Modell wird gestartet …</translation>
    </message>
    <message>
        <location filename="../conversation.py"/>
        <source>The GPU was asked for and not used: it ran on {device}.</source>
        <translation>Die GPU war verlangt und wurde nicht benutzt: Gerechnet wurde auf {device}.</translation>
    </message>
    <message>
        <location filename="../conversation.py"/>
        <location filename="../processing/session.py"/>
        <source>Waiting for the model...</source>
        <translation>Warten auf das Modell …</translation>
    </message>
    <message>
        <location filename="../credentials.py"/>
        <source>the master password was not given</source>
        <translation>das Masterpasswort wurde nicht eingegeben</translation>
    </message>
    <message>
        <location filename="../credentials.py"/>
        <source>The token was not stored in QGIS's authentication manager: {why}. Nothing was changed.</source>
        <translation>Das Token wurde nicht in der Authentifizierungsverwaltung von QGIS gespeichert: {why}. Nichts wurde geändert.</translation>
    </message>
    <message>
        <location filename="../credentials.py"/>
        <source>The token of the server {url} cannot be read from QGIS's authentication manager (was its master password given? qgis_process reads it from the file that QGIS_AUTH_PASSWORD_FILE names). Open Use a server... and type it again.</source>
        <translation>Das Token des Servers {url} lässt sich nicht aus der Authentifizierungsverwaltung von QGIS lesen (wurde ihr Master-Passwort angegeben? qgis_process liest es aus der Datei, die QGIS_AUTH_PASSWORD_FILE nennt). Öffnen Sie „Server benutzen …“ und geben Sie es noch einmal ein.</translation>
    </message>
    <message>
        <location filename="../endpoint.py"/>
        <source>{typed!r} is no address of a server. Type it like https://gpu-box:8443.</source>
        <translation>{typed!r} ist keine Adresse eines Servers. Geben Sie sie ein wie https://gpu-box:8443.</translation>
    </message>
    <message>
        <location filename="../estimate.py"/>
        <source>{width:,} x {height:,} px</source>
        <translation>{width:,} x {height:,} px</translation>
    </message>
    <message>
        <location filename="../estimate.py"/>
        <source>This takes about {duration}. Choose a smaller area, or send it anyway.</source>
        <translation>Das dauert etwa {duration}. Wählen Sie ein kleineres Gebiet, oder senden Sie trotzdem.</translation>
    </message>
    <message>
        <location filename="../estimate.py"/>
        <source>These are {windows:,} windows, which may take long. Choose a smaller area, or send it anyway.</source>
        <translation>Das sind {windows:,} Fenster, was lange dauern kann. Wählen Sie ein kleineres Gebiet, oder senden Sie trotzdem.</translation>
    </message>
    <message>
        <location filename="../estimate.py"/>
        <source>The area alone needs {memory} of memory. Choose a smaller one, or send it anyway.</source>
        <translation>Allein das Gebiet braucht {memory} Arbeitsspeicher. Wählen Sie ein kleineres, oder senden Sie trotzdem.</translation>
    </message>
    <message>
        <location filename="../estimate.py"/>
        <source>no CRS</source>
        <translation>kein KBS</translation>
    </message>
    <message>
        <location filename="../estimate.py"/>
        <source>{gsd_m:.2f} m</source>
        <translation>{gsd_m:.2f} m</translation>
    </message>
    <message>
        <location filename="../estimate.py"/>
        <source>{gsd_m:,.0f} m</source>
        <translation>{gsd_m:,.0f} m</translation>
    </message>
    <message>
        <location filename="../estimate.py"/>
        <source>{size:.1f} GiB</source>
        <translation>{size:.1f} GiB</translation>
    </message>
    <message>
        <location filename="../estimate.py"/>
        <source>{size:.0f} MiB</source>
        <translation>{size:.0f} MiB</translation>
    </message>
    <message>
        <location filename="../estimate.py"/>
        <source>For this model the area has {width:,} x {height:,} pixels, at most {max_tile_px:,} on a side are looked at in one go. Choose a smaller area.</source>
        <translation>Für dieses Modell hat das Gebiet {width:,} x {height:,} Pixel, höchstens {max_tile_px:,} je Seite werden auf einmal betrachtet. Wählen Sie ein kleineres Gebiet.</translation>
    </message>
    <message>
        <location filename="../estimate.py"/>
        <source>It can be stopped at any time: the same question then goes on where it was.</source>
        <translation>Es lässt sich jederzeit anhalten: dieselbe Frage geht dann da weiter, wo sie war.</translation>
    </message>
    <message>
        <location filename="../estimate.py"/>
        <source>as drawn by QGIS</source>
        <translation>wie von QGIS gezeichnet</translation>
    </message>
    <message>
        <location filename="../examples.py"/>
        <location filename="../gui/status_light.py"/>
        <source>Nothing leaves this machine.</source>
        <translation>Nichts verlässt diesen Rechner.</translation>
    </message>
    <message>
        <location filename="../examples.py"/>
        <source>{first} and {last}</source>
        <translation>{first} und {last}</translation>
    </message>
    <message>
        <location filename="../examples.py"/>
        <source>knows {listing}</source>
        <translation>kennt {listing}</translation>
    </message>
    <message>
        <location filename="../examples.py"/>
        <source>can be asked for anything that is seen from above</source>
        <translation>kann nach allem gefragt werden, was von oben zu sehen ist</translation>
    </message>
    <message>
        <location filename="../examples.py"/>
        <source>Areas and counts are computed from the polygons. {local}</source>
        <translation>Flächen und Anzahlen werden aus den Polygonen berechnet. {local}</translation>
    </message>
    <message>
        <location filename="../examples.py"/>
        <source>{title} is not installed: {how_to_get}</source>
        <translation>{title} ist nicht installiert: {how_to_get}</translation>
    </message>
    <message>
        <location filename="../examples.py"/>
        <source>{title} {knows}. It looks at pixels of {fine:g} to {coarse:g} m; others are resampled. {cannot}</source>
        <translation>{title} {knows}. Betrachtet werden Pixel von {fine:g} bis {coarse:g} m; andere werden umgerechnet. {cannot}</translation>
    </message>
    <message>
        <location filename="../export.py"/>
        <location filename="../gui/export_dialog.py"/>
        <source>The export was stopped; nothing was written.</source>
        <translation>Der Export wurde angehalten; nichts wurde geschrieben.</translation>
    </message>
    <message>
        <location filename="../export.py"/>
        <source>{source} is {final}</source>
        <translation>{source} heißt {final}</translation>
    </message>
    <message>
        <location filename="../export.py"/>
        <source>All polygons are hidden by the filter or rejected. Lower the filter, or choose others.</source>
        <translation>Alle Polygone sind vom Filter verborgen oder abgelehnt. Lockern Sie den Filter, oder wählen Sie andere.</translation>
    </message>
    <message>
        <location filename="../export.py"/>
        <source>No polygon is selected. Select some, or export all.</source>
        <translation>Es ist kein Polygon ausgewählt. Wählen Sie einige aus, oder exportieren Sie alle.</translation>
    </message>
    <message>
        <location filename="../export.py"/>
        <source>There are no polygons to export.</source>
        <translation>Es gibt keine Polygone zum Exportieren.</translation>
    </message>
    <message>
        <location filename="../export.py"/>
        <source>{polygons} across longitude 180 were cut in two there.</source>
        <translation>{polygons} über der Länge 180 wurden dort zerschnitten.</translation>
    </message>
    <message>
        <location filename="../export.py"/>
        <source>1 polygon across longitude 180 was cut in two there.</source>
        <translation>1 Polygon über der Länge 180 wurde dort zerschnitten.</translation>
    </message>
    <message>
        <location filename="../export.py"/>
        <source>The coordinates are in degrees: CAD measures no metres in them. A projected CRS is better.</source>
        <translation>Die Koordinaten sind in Grad: CAD misst darin keine Meter. Ein projiziertes KBS ist besser.</translation>
    </message>
    <message>
        <location filename="../export.py"/>
        <source>Fields renamed: {names}.</source>
        <translation>Umbenannte Felder: {names}.</translation>
    </message>
    <message>
        <location filename="../export.py"/>
        <location filename="../gui/export_dialog.py"/>
        <source>hidden by the filter</source>
        <translation>vom Filter verborgen</translation>
    </message>
    <message>
        <location filename="../export.py"/>
        <source>rejected in the review</source>
        <translation>bei der Durchsicht abgelehnt</translation>
    </message>
    <message>
        <location filename="../export.py"/>
        <source>without a shape</source>
        <translation>ohne Geometrie</translation>
    </message>
    <message>
        <location filename="../export.py"/>
        <source>{polygons} {reason} were left out.</source>
        <translation>Weggelassen wurden {polygons}, {reason}.</translation>
    </message>
    <message>
        <location filename="../export.py"/>
        <source>{path} cannot be written: {reason}. Free some space, close what uses it, or choose another folder.</source>
        <translation>{path} kann nicht geschrieben werden: {reason}. Schaffen Sie Platz, schließen Sie, was die Datei benutzt, oder wählen Sie einen anderen Ordner.</translation>
    </message>
    <message>
        <location filename="../export.py"/>
        <source>{path} cannot be written: {error}. Choose another format or folder.</source>
        <translation>{path} kann nicht geschrieben werden: {error}. Wählen Sie ein anderes Format oder einen anderen Ordner.</translation>
    </message>
    <message>
        <location filename="../export.py"/>
        <source>only a part of the {count:,} polygons reached the disk</source>
        <translation>nur ein Teil der {count:,} Polygone kam auf der Festplatte an</translation>
    </message>
    <message>
        <location filename="../export.py"/>
        <source>1 polygon {reason} was left out.</source>
        <translation>Weggelassen wurde 1 Polygon, {reason}.</translation>
    </message>
    <message>
        <location filename="../export_columns.py"/>
        <source>A shapefile holds 2 GB in a file and these polygons need {:.1f} GB. Choose GeoPackage.</source>
        <translation>Ein Shapefile fasst 2 GB je Datei, und diese Polygone brauchen {:.1f} GB. Wählen Sie GeoPackage.</translation>
    </message>
    <message>
        <location filename="../export_columns.py"/>
        <source>There is no field {source!r} in these polygons. Open the export again.</source>
        <translation>Diese Polygone haben kein Feld {source!r}. Öffnen Sie den Export noch einmal.</translation>
    </message>
    <message>
        <location filename="../export_formats.py"/>
        <source>KML (Google Earth)</source>
        <translation>KML (Google Earth)</translation>
    </message>
    <message>
        <location filename="../export_formats.py"/>
        <source>DXF (CAD)</source>
        <translation>DXF (CAD)</translation>
    </message>
    <message>
        <location filename="../export_formats.py"/>
        <source>GeoJSON is in EPSG:4326 (longitude, latitude): its standard, RFC 7946, allows no other CRS.</source>
        <translation>GeoJSON ist in EPSG:4326 (Länge, Breite): Die Norm RFC 7946 erlaubt kein anderes KBS.</translation>
    </message>
    <message>
        <location filename="../export_formats.py"/>
        <source>KML is in EPSG:4326 (longitude, latitude): its standard allows no other CRS.</source>
        <translation>KML ist in EPSG:4326 (Länge, Breite): Die Norm erlaubt kein anderes KBS.</translation>
    </message>
    <message>
        <location filename="../export_formats.py"/>
        <source>DXF holds geometry only: fields and CRS are lost; each class becomes a DXF layer.</source>
        <translation>DXF enthält nur Geometrie: Felder und KBS gehen verloren; jede Klasse wird ein DXF-Layer.</translation>
    </message>
    <message>
        <location filename="../export_ogr.py"/>
        <source>This QGIS cannot write {form}. Choose GeoPackage.</source>
        <translation>Dieses QGIS kann {form} nicht schreiben. Wählen Sie GeoPackage.</translation>
    </message>
    <message>
        <location filename="../export_ogr.py"/>
        <source>{count:,} texts</source>
        <translation>{count:,} Texte</translation>
    </message>
    <message>
        <location filename="../export_ogr.py"/>
        <source>{texts} in {name} had more than {text_bytes} bytes and lost the end.</source>
        <translation>{texts} in {name} hatten mehr als {text_bytes} Byte und haben das Ende verloren.</translation>
    </message>
    <message>
        <location filename="../export_ogr.py"/>
        <source>the disk is full or the file is in use</source>
        <translation>die Festplatte ist voll, oder die Datei wird benutzt</translation>
    </message>
    <message>
        <location filename="../export_rows.py"/>
        <source>There are no polygons to export. Ask a question first.</source>
        <translation>Es gibt keine Polygone zum Exportieren. Stellen Sie zuerst eine Frage.</translation>
    </message>
    <message>
        <location filename="../export_rows.py"/>
        <source>The layer {name} holds no polygons. Choose a layer of answers.</source>
        <translation>Der Layer {name} enthält keine Polygone. Wählen Sie einen Layer mit Antworten.</translation>
    </message>
    <message>
        <location filename="../export_rows.py"/>
        <source>The file needs a CRS. Choose one.</source>
        <translation>Die Datei braucht ein KBS. Wählen Sie eines.</translation>
    </message>
    <message>
        <location filename="../export_rows.py"/>
        <source>The polygons of {layer} are in pixels and have no CRS, so they cannot be written in {authid}. Choose GeoPackage, Shapefile, FlatGeobuf or DXF without a CRS.</source>
        <translation>Die Polygone von {layer} sind in Pixeln und haben kein KBS, deshalb können sie nicht in {authid} geschrieben werden. Wählen Sie GeoPackage, Shapefile, FlatGeobuf oder DXF ohne KBS.</translation>
    </message>
    <message>
        <location filename="../export_rows.py"/>
        <source>The layer of the polygons was removed. Ask again to get a new one.</source>
        <translation>Der Layer der Polygone wurde entfernt. Fragen Sie noch einmal, um einen neuen zu bekommen.</translation>
    </message>
    <message>
        <location filename="../export_rows.py"/>
        <source>A polygon has no place in this CRS ({error}). Choose another CRS.</source>
        <translation>Ein Polygon hat in diesem KBS keinen Platz ({error}). Wählen Sie ein anderes KBS.</translation>
    </message>
    <message>
        <location filename="../export_target.py"/>
        <source>means {known}</source>
        <translation>bedeutet {known}</translation>
    </message>
    <message>
        <location filename="../export_target.py"/>
        <source>is unknown</source>
        <translation>ist unbekannt</translation>
    </message>
    <message>
        <location filename="../export_target.py"/>
        <source>The file type {suffix} of {file} {meaning}; {form} wants {suffix2}.</source>
        <translation>Der Dateityp {suffix} von {file} {meaning}; {form} verlangt {suffix2}.</translation>
    </message>
    <message>
        <location filename="../export_target.py"/>
        <location filename="../storage.py"/>
        <source>The folder {parent} does not exist. Create it or choose another one.</source>
        <translation>Den Ordner {parent} gibt es nicht. Legen Sie ihn an, oder wählen Sie einen anderen.</translation>
    </message>
    <message>
        <location filename="../export_target.py"/>
        <source>The folder {parent} is not writable. Choose another one.</source>
        <translation>In den Ordner {parent} kann nicht geschrieben werden. Wählen Sie einen anderen.</translation>
    </message>
    <message>
        <location filename="../export_target.py"/>
        <source>{path} cannot be written: it is a folder. Choose another name.</source>
        <translation>{path} kann nicht geschrieben werden: Es ist ein Ordner. Wählen Sie einen anderen Namen.</translation>
    </message>
    <message>
        <location filename="../export_target.py"/>
        <source>{file} is open in this project as {name}. Remove that layer or choose another name.</source>
        <translation>{file} ist in diesem Projekt als {name} geöffnet. Entfernen Sie diesen Layer, oder wählen Sie einen anderen Namen.</translation>
    </message>
    <message>
        <location filename="../export_target.py"/>
        <source>{file} is open in another program. Close it there or choose another name.</source>
        <translation>{file} ist in einem anderen Programm geöffnet. Schließen Sie die Datei dort, oder wählen Sie einen anderen Namen.</translation>
    </message>
    <message>
        <location filename="../export_target.py"/>
        <source>{there} exists already. Allow replacing it, or choose another name.</source>
        <translation>{there} gibt es schon. Erlauben Sie das Ersetzen, oder wählen Sie einen anderen Namen.</translation>
    </message>
    <message>
        <location filename="../export_target.py"/>
        <source>{old} appeared in the meantime. Choose another name.</source>
        <translation>{old} ist inzwischen entstanden. Wählen Sie einen anderen Namen.</translation>
    </message>
    <message>
        <location filename="../export_target.py"/>
        <source>(none)</source>
        <translation>(keiner)</translation>
    </message>
    <message>
        <location filename="../field_answers.py"/>
        <source>answer</source>
        <translation>Antwort</translation>
    </message>
    <message>
        <location filename="../field_answers.py"/>
        <source>main class</source>
        <translation>Hauptklasse</translation>
    </message>
    <message>
        <location filename="../field_answers.py"/>
        <source>number of polygons</source>
        <translation>Anzahl der Polygone</translation>
    </message>
    <message>
        <location filename="../field_answers.py"/>
        <source>area in m²</source>
        <translation>Fläche in m²</translation>
    </message>
    <message>
        <location filename="../field_answers.py"/>
        <source>{polygons} left out. {reason}</source>
        <translation>Weggelassen: {polygons}. {reason}</translation>
    </message>
    <message>
        <location filename="../field_answers.py"/>
        <source>GeoPix answer</source>
        <translation>GeoPix-Antwort</translation>
    </message>
    <message>
        <location filename="../field_answers.py"/>
        <source>No polygon of {layer} is selected. Select those that are to be asked about.</source>
        <translation>Kein Polygon von {layer} ist ausgewählt. Wählen Sie die aus, nach denen gefragt werden soll.</translation>
    </message>
    <message>
        <location filename="../field_answers.py"/>
        <source>The layer {layer} has no field {field!r}. Choose one of its fields.</source>
        <translation>Der Layer {layer} hat kein Feld {field!r}. Wählen Sie eines seiner Felder.</translation>
    </message>
    <message>
        <location filename="../field_answers.py"/>
        <source>The field {field} holds numbers and cannot take the {value}. Choose a text field.</source>
        <translation>Das Feld {field} enthält Zahlen und kann das nicht aufnehmen: {value}. Wählen Sie ein Textfeld.</translation>
    </message>
    <message>
        <location filename="../field_answers.py"/>
        <source>The layer {layer} cannot be edited. Choose another one, or save it as a copy.</source>
        <translation>Der Layer {layer} kann nicht bearbeitet werden. Wählen Sie einen anderen, oder speichern Sie ihn als Kopie.</translation>
    </message>
    <message>
        <location filename="../field_answers.py"/>
        <source>The edits of {layer} were saved or discarded meanwhile.</source>
        <translation>Die Änderungen an {layer} wurden inzwischen gespeichert oder verworfen.</translation>
    </message>
    <message>
        <location filename="../field_answers.py"/>
        <source>The layer of the polygons was removed.</source>
        <translation>Der Layer der Polygone wurde entfernt.</translation>
    </message>
    <message>
        <location filename="../field_answers.py"/>
        <source>The question was refused.</source>
        <translation>Die Frage wurde abgelehnt.</translation>
    </message>
    <message>
        <location filename="../field_names.py"/>
        <source>A field has no name. Type one, or leave the field out.</source>
        <translation>Ein Feld hat keinen Namen. Geben Sie einen ein, oder lassen Sie das Feld weg.</translation>
    </message>
    <message>
        <location filename="../field_names.py"/>
        <source>The field name {name!r} has other than ASCII characters; a shapefile cannot hold them.</source>
        <translation>Der Feldname {name!r} hat andere als ASCII-Zeichen; ein Shapefile kann sie nicht aufnehmen.</translation>
    </message>
    <message>
        <location filename="../field_names.py"/>
        <source>The field name {name!r} must be letters, digits and underscores, a letter first.</source>
        <translation>Der Feldname {name!r} darf nur aus Buchstaben, Ziffern und Unterstrichen bestehen und muss mit einem Buchstaben beginnen.</translation>
    </message>
    <message>
        <location filename="../field_names.py"/>
        <source>The field name {name!r} has {count} characters; a shapefile holds 10.</source>
        <translation>Der Feldname {name!r} hat {count} Zeichen; ein Shapefile fasst 10.</translation>
    </message>
    <message>
        <location filename="../field_names.py"/>
        <source>Two fields are called {name!r}. Rename one, or leave it out.</source>
        <translation>Zwei Felder heißen {name!r}. Benennen Sie eines um, oder lassen Sie es weg.</translation>
    </message>
    <message>
        <location filename="../file_pixels.py"/>
        <source>Reading {reading}</source>
        <translation>{reading} wird gelesen</translation>
    </message>
    <message>
        <location filename="../file_pixels.py"/>
        <source>{path} cannot be opened. Repair the layer's data source first.</source>
        <translation>{path} kann nicht geöffnet werden. Reparieren Sie zuerst die Datenquelle des Layers.</translation>
    </message>
    <message>
        <location filename="../file_pixels.py"/>
        <source>This area has {pixels:,.0f} million pixels, at most {max_sent_px:,.0f} million are sent to a server. Zoom in and choose View.</source>
        <translation>Dieses Gebiet hat {pixels:,.0f} Millionen Pixel, höchstens {max_sent_px:,.0f} Millionen werden an einen Server gesendet. Zoomen Sie hinein, und wählen Sie „Ausschnitt“.</translation>
    </message>
    <message>
        <location filename="../file_pixels.py"/>
        <source>{path} cannot be read to its end. Copy it again.</source>
        <translation>{path} kann nicht bis zum Ende gelesen werden. Kopieren Sie die Datei noch einmal.</translation>
    </message>
    <message>
        <location filename="../file_pixels.py"/>
        <source>The georeference of {path} is not finite. Repair it first.</source>
        <translation>Die Georeferenz von {path} ist nicht endlich. Reparieren Sie sie zuerst.</translation>
    </message>
    <message>
        <location filename="../file_pixels.py"/>
        <source>{reading} was not read ({name}: {error}).</source>
        <translation>{reading} wurde nicht gelesen ({name}: {error}).</translation>
    </message>
    <message>
        <location filename="../file_pixels.py"/>
        <source>{path} cannot be read to its end ({error}). Copy it again.</source>
        <translation>{path} kann nicht bis zum Ende gelesen werden ({error}). Kopieren Sie die Datei noch einmal.</translation>
    </message>
    <message>
        <location filename="../filters.py"/>
        <source>{layer} is being edited and cannot be filtered. Save or cancel its edits first.</source>
        <translation>{layer} wird gerade bearbeitet und kann nicht gefiltert werden. Speichern oder verwerfen Sie zuerst die Änderungen.</translation>
    </message>
    <message>
        <location filename="../filters.py"/>
        <source>{layer} does not take a filter. Check the filter in its properties.</source>
        <translation>{layer} nimmt keinen Filter an. Prüfen Sie den Filter in den Layereigenschaften.</translation>
    </message>
    <message>
        <location filename="../gui/area_picker.py"/>
        <source>View</source>
        <translation>Ausschnitt</translation>
    </message>
    <message>
        <location filename="../gui/area_picker.py"/>
        <source>Draw a box</source>
        <translation>Rechteck zeichnen</translation>
    </message>
    <message>
        <location filename="../gui/area_picker.py"/>
        <source>Selected polygons</source>
        <translation>Ausgewählte Polygone</translation>
    </message>
    <message>
        <location filename="../gui/area_picker.py"/>
        <source>Whole layer</source>
        <translation>Ganzer Layer</translation>
    </message>
    <message>
        <location filename="../gui/area_picker.py"/>
        <source>Tile z/x/y</source>
        <translation>Kachel z/x/y</translation>
    </message>
    <message>
        <location filename="../gui/area_picker.py"/>
        <source>z/x/y, such as 17/68650/45900</source>
        <translation>z/x/y, zum Beispiel 17/68650/45900</translation>
    </message>
    <message>
        <location filename="../gui/area_picker.py"/>
        <source>Resolution</source>
        <translation>Auflösung</translation>
    </message>
    <message>
        <location filename="../gui/area_picker.py"/>
        <source> m per pixel</source>
        <translation> m je Pixel</translation>
    </message>
    <message>
        <location filename="../gui/area_picker.py"/>
        <source>as the view</source>
        <translation>wie der Ausschnitt</translation>
    </message>
    <message>
        <location filename="../gui/area_picker.py"/>
        <source>Area</source>
        <translation>Gebiet</translation>
    </message>
    <message>
        <location filename="../gui/area_picker.py"/>
        <source>The part of the raster that the model looks at</source>
        <translation>Der Teil des Rasters, den das Modell betrachtet</translation>
    </message>
    <message>
        <location filename="../gui/area_picker.py"/>
        <source>Draw</source>
        <translation>Zeichnen</translation>
    </message>
    <message>
        <location filename="../gui/area_picker.py"/>
        <source>Drag a box on the map</source>
        <translation>Ziehen Sie auf der Karte ein Rechteck auf</translation>
    </message>
    <message>
        <location filename="../gui/area_picker.py"/>
        <source>Zoom to area</source>
        <translation>Auf das Gebiet zoomen</translation>
    </message>
    <message>
        <location filename="../gui/area_picker.py"/>
        <source>Show this area on the map</source>
        <translation>Dieses Gebiet auf der Karte zeigen</translation>
    </message>
    <message>
        <location filename="../gui/area_picker.py"/>
        <source>Tile</source>
        <translation>Kachel</translation>
    </message>
    <message>
        <location filename="../gui/area_picker.py"/>
        <source>Web map tile: zoom, column and row (from the north)</source>
        <translation>Kachel einer Webkarte: Zoomstufe, Spalte und Zeile (von Norden)</translation>
    </message>
    <message>
        <location filename="../gui/area_picker.py"/>
        <source>Chosen area</source>
        <translation>Gewähltes Gebiet</translation>
    </message>
    <message>
        <location filename="../gui/area_picker.py"/>
        <source>How fine QGIS draws the layer for the model</source>
        <translation>Wie fein QGIS den Layer für das Modell zeichnet</translation>
    </message>
    <message>
        <location filename="../gui/area_picker.py"/>
        <source>No box is drawn. Drag one on the map.</source>
        <translation>Es ist kein Rechteck gezeichnet. Ziehen Sie eines auf der Karte auf.</translation>
    </message>
    <message>
        <location filename="../gui/area_picker.py"/>
        <source>Drag a box on the map; Esc ends it.</source>
        <translation>Ziehen Sie auf der Karte ein Rechteck auf; Esc beendet es.</translation>
    </message>
    <message>
        <location filename="../gui/chat_menu.py"/>
        <source>New conversation</source>
        <translation>Neues Gespräch</translation>
    </message>
    <message>
        <location filename="../gui/chat_menu.py"/>
        <source>Save conversation as Markdown...</source>
        <translation>Gespräch als Markdown speichern …</translation>
    </message>
    <message>
        <location filename="../gui/chat_menu.py"/>
        <source>Model and its process...</source>
        <translation>Modell und sein Prozess …</translation>
    </message>
    <message>
        <location filename="../gui/chat_menu.py"/>
        <source>A new conversation. The polygons of the one before stay on the map.</source>
        <translation>Ein neues Gespräch. Die Polygone des vorigen bleiben auf der Karte.</translation>
    </message>
    <message>
        <location filename="../gui/chat_menu.py"/>
        <source>Save conversation</source>
        <translation>Gespräch speichern</translation>
    </message>
    <message>
        <location filename="../gui/chat_menu.py"/>
        <source>Markdown (*.md)</source>
        <translation>Markdown (*.md)</translation>
    </message>
    <message>
        <location filename="../gui/chat_menu.py"/>
        <source>Wrote {count} questions and answers to {path}.</source>
        <translation>{count} Fragen und Antworten wurden nach {path} geschrieben.</translation>
    </message>
    <message>
        <location filename="../gui/chat_menu.py"/>
        <source>An answer is on its way. Stop it first, then begin a new conversation.</source>
        <translation>Eine Antwort ist unterwegs. Halten Sie sie zuerst an, und beginnen Sie dann ein neues Gespräch.</translation>
    </message>
    <message>
        <location filename="../gui/chat_menu.py"/>
        <source>Nothing was said yet. Ask a question first.</source>
        <translation>Bisher wurde nichts gesagt. Stellen Sie zuerst eine Frage.</translation>
    </message>
    <message>
        <location filename="../gui/dock.py"/>
        <source>Its polygons are not on the map.</source>
        <translation>Seine Polygone sind nicht auf der Karte.</translation>
    </message>
    <message>
        <location filename="../gui/dock.py"/>
        <source>{area} (geodesic, computed from the polygons)</source>
        <translation>{area} (geodätisch, aus den Polygonen berechnet)</translation>
    </message>
    <message>
        <location filename="../gui/dock.py"/>
        <source>Click to see it.</source>
        <translation>Klicken Sie, um es zu sehen.</translation>
    </message>
    <message>
        <location filename="../gui/dock.py"/>
        <source>Click to see them.</source>
        <translation>Klicken Sie, um sie zu sehen.</translation>
    </message>
    <message>
        <location filename="../gui/dock.py"/>
        <location filename="../gui/export_form.py"/>
        <location filename="../gui/model_list.py"/>
        <location filename="../gui/model_panel.py"/>
        <location filename="../gui/setup_dialog.py"/>
        <source>Stop</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <location filename="../gui/dock.py"/>
        <location filename="../gui/panel.py"/>
        <source>Send</source>
        <translation>Senden</translation>
    </message>
    <message>
        <location filename="../gui/dock.py"/>
        <source>Stop; what was found so far is kept (Esc)</source>
        <translation>Anhalten; was bisher gefunden wurde, bleibt (Esc)</translation>
    </message>
    <message>
        <location filename="../gui/dock.py"/>
        <location filename="../gui/panel.py"/>
        <source>Ask (Enter)</source>
        <translation>Fragen (Eingabetaste)</translation>
    </message>
    <message>
        <location filename="../gui/dock.py"/>
        <source>An answer is on its way. Stop it first, then ask again.</source>
        <translation>Eine Antwort ist unterwegs. Halten Sie sie zuerst an, und fragen Sie dann noch einmal.</translation>
    </message>
    <message>
        <location filename="../gui/dock.py"/>
        <source>Send anyway</source>
        <translation>Trotzdem senden</translation>
    </message>
    <message>
        <location filename="../gui/export_dialog.py"/>
        <source>Export Polygons</source>
        <translation>Polygone exportieren</translation>
    </message>
    <message>
        <location filename="../gui/export_dialog.py"/>
        <source>Export {polygons} to {file}</source>
        <translation>{polygons} nach {file} exportieren</translation>
    </message>
    <message>
        <location filename="../gui/export_dialog.py"/>
        <source>a file</source>
        <translation>eine Datei</translation>
    </message>
    <message>
        <location filename="../gui/export_dialog.py"/>
        <source>Choose a file.</source>
        <translation>Wählen Sie eine Datei.</translation>
    </message>
    <message>
        <location filename="../gui/export_dialog.py"/>
        <source>{chosen} needs longitude and latitude, and these polygons are in pixels without a CRS.</source>
        <translation>{chosen} braucht Länge und Breite, und diese Polygone sind in Pixeln ohne KBS.</translation>
    </message>
    <message>
        <location filename="../gui/export_dialog.py"/>
        <source>Choose a CRS.</source>
        <translation>Wählen Sie ein KBS.</translation>
    </message>
    <message>
        <location filename="../gui/export_dialog.py"/>
        <source>{file} holds {held} layers: replacing it removes all of them.</source>
        <translation>{file} enthält {held} Layer: Ersetzen entfernt sie alle.</translation>
    </message>
    <message>
        <location filename="../gui/export_dialog.py"/>
        <source>rejected</source>
        <translation>abgelehnt</translation>
    </message>
    <message>
        <location filename="../gui/export_dialog.py"/>
        <source>1 {why} is left out</source>
        <translation>1 wird weggelassen: {why}</translation>
    </message>
    <message>
        <location filename="../gui/export_dialog.py"/>
        <source>{number:,} {why} are left out</source>
        <translation>{number:,} werden weggelassen: {why}</translation>
    </message>
    <message>
        <location filename="../gui/export_dialog.py"/>
        <source>{polygons} to {place}</source>
        <translation>{polygons} nach {place}</translation>
    </message>
    <message>
        <location filename="../gui/export_fields.py"/>
        <location filename="../gui/export_form.py"/>
        <source>Fields</source>
        <translation>Felder</translation>
    </message>
    <message>
        <location filename="../gui/export_fields.py"/>
        <source>Untick a field to leave it out; double-click a name to change it</source>
        <translation>Nehmen Sie das Häkchen weg, um ein Feld wegzulassen; ein Doppelklick auf den Namen ändert ihn</translation>
    </message>
    <message>
        <location filename="../gui/export_fields.py"/>
        <location filename="../gui/field_panel.py"/>
        <source>Field</source>
        <translation>Feld</translation>
    </message>
    <message>
        <location filename="../gui/export_fields.py"/>
        <source>Written as</source>
        <translation>Geschrieben als</translation>
    </message>
    <message>
        <location filename="../gui/export_form.py"/>
        <source>Export Polygons To</source>
        <translation>Polygone exportieren nach</translation>
    </message>
    <message>
        <location filename="../gui/export_form.py"/>
        <source>Replace the existing file</source>
        <translation>Vorhandene Datei ersetzen</translation>
    </message>
    <message>
        <location filename="../gui/export_form.py"/>
        <source>Selected only ({selected_count:,})</source>
        <translation>Nur ausgewählte ({selected_count:,})</translation>
    </message>
    <message>
        <location filename="../gui/export_form.py"/>
        <source>Add to the map</source>
        <translation>Zur Karte hinzufügen</translation>
    </message>
    <message>
        <location filename="../gui/export_form.py"/>
        <location filename="../gui/panel.py"/>
        <source>Export</source>
        <translation>Exportieren</translation>
    </message>
    <message>
        <location filename="../gui/export_form.py"/>
        <source>Format</source>
        <translation>Format</translation>
    </message>
    <message>
        <location filename="../gui/export_form.py"/>
        <source>File</source>
        <translation>Datei</translation>
    </message>
    <message>
        <location filename="../gui/export_form.py"/>
        <source>Write the file</source>
        <translation>Die Datei schreiben</translation>
    </message>
    <message>
        <location filename="../gui/export_form.py"/>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <location filename="../gui/export_form.py"/>
        <source>Stop; nothing is written</source>
        <translation>Anhalten; nichts wird geschrieben</translation>
    </message>
    <message>
        <location filename="../gui/export_form.py"/>
        <source>Close without writing</source>
        <translation>Schließen, ohne zu schreiben</translation>
    </message>
    <message>
        <location filename="../gui/export_form.py"/>
        <source>The file format</source>
        <translation>Das Dateiformat</translation>
    </message>
    <message>
        <location filename="../gui/export_form.py"/>
        <source>Where to write; its ending chooses the format</source>
        <translation>Wohin geschrieben wird; die Endung bestimmt das Format</translation>
    </message>
    <message>
        <location filename="../gui/export_form.py"/>
        <source>The old file is gone afterwards</source>
        <translation>Die alte Datei ist danach weg</translation>
    </message>
    <message>
        <location filename="../gui/export_form.py"/>
        <source>The coordinate reference system of the file</source>
        <translation>Das Koordinatenbezugssystem der Datei</translation>
    </message>
    <message>
        <location filename="../gui/export_form.py"/>
        <source>This format allows no other CRS</source>
        <translation>Dieses Format erlaubt kein anderes KBS</translation>
    </message>
    <message>
        <location filename="../gui/export_form.py"/>
        <source>Selected polygons only</source>
        <translation>Nur ausgewählte Polygone</translation>
    </message>
    <message>
        <location filename="../gui/export_form.py"/>
        <source>Leave out what is not selected</source>
        <translation>Weglassen, was nicht ausgewählt ist</translation>
    </message>
    <message>
        <location filename="../gui/export_form.py"/>
        <source>Open the file as a layer of this project</source>
        <translation>Die Datei als Layer dieses Projekts öffnen</translation>
    </message>
    <message>
        <location filename="../gui/export_form.py"/>
        <source>What will be written</source>
        <translation>Was geschrieben wird</translation>
    </message>
    <message>
        <location filename="../gui/export_form.py"/>
        <source>What will be lost</source>
        <translation>Was verloren geht</translation>
    </message>
    <message>
        <location filename="../gui/export_form.py"/>
        <source>Why it cannot be written</source>
        <translation>Warum nicht geschrieben werden kann</translation>
    </message>
    <message>
        <location filename="../gui/export_form.py"/>
        <location filename="../gui/panel.py"/>
        <source>Progress</source>
        <translation>Fortschritt</translation>
    </message>
    <message>
        <location filename="../gui/export_form.py"/>
        <source>How much is written</source>
        <translation>Wie viel geschrieben ist</translation>
    </message>
    <message>
        <location filename="../gui/export_form.py"/>
        <source>Pixel coordinates: there is no CRS.</source>
        <translation>Pixelkoordinaten: Es gibt kein KBS.</translation>
    </message>
    <message>
        <location filename="../gui/export_task.py"/>
        <source>The export failed ({name}: {error}); nothing was written. Report this.</source>
        <translation>Der Export ist fehlgeschlagen ({name}: {error}); nichts wurde geschrieben. Melden Sie das bitte.</translation>
    </message>
    <message>
        <location filename="../gui/exported.py"/>
        <source>Open folder</source>
        <translation>Ordner öffnen</translation>
    </message>
    <message>
        <location filename="../gui/exported.py"/>
        <source>Show {parent}</source>
        <translation>{parent} zeigen</translation>
    </message>
    <message>
        <location filename="../gui/exported.py"/>
        <source>Wrote {polygons} to {file}.</source>
        <translation>{polygons} nach {file} geschrieben.</translation>
    </message>
    <message>
        <location filename="../gui/exported.py"/>
        <source>Add to map</source>
        <translation>Zur Karte</translation>
    </message>
    <message>
        <location filename="../gui/exported.py"/>
        <source>Open {file} as a layer of this project</source>
        <translation>{file} als Layer dieses Projekts öffnen</translation>
    </message>
    <message>
        <location filename="../gui/field_asking.py"/>
        <source>Wrote 1 answer</source>
        <translation>1 Antwort geschrieben</translation>
    </message>
    <message>
        <location filename="../gui/field_asking.py"/>
        <source>Wrote {count} answers</source>
        <translation>{count} Antworten geschrieben</translation>
    </message>
    <message>
        <location filename="../gui/field_asking.py"/>
        <source>{wrote} into {layer}; save its edits to keep them</source>
        <translation>{wrote}, und zwar in {layer}; speichern Sie dessen Änderungen, um sie zu behalten</translation>
    </message>
    <message>
        <location filename="../gui/field_asking.py"/>
        <source>{wrote} before that</source>
        <translation>{wrote}, bevor das geschah</translation>
    </message>
    <message>
        <location filename="../gui/field_asking.py"/>
        <source>Type the question first, such as 'What is this?', then press Ask each.</source>
        <translation>Geben Sie zuerst die Frage ein, zum Beispiel 'What is this?', und drücken Sie dann „Einzeln fragen“.</translation>
    </message>
    <message>
        <location filename="../gui/field_panel.py"/>
        <source>Ask each</source>
        <translation>Einzeln fragen</translation>
    </message>
    <message>
        <location filename="../gui/field_panel.py"/>
        <source>Ask about each of the {count} selected polygons of {layer}, and write into a field:</source>
        <translation>Nach jedem der {count} ausgewählten Polygone von {layer} fragen und in ein Feld schreiben:</translation>
    </message>
    <message>
        <location filename="../gui/field_panel.py"/>
        <source>{done} of {total}</source>
        <translation>{done} von {total}</translation>
    </message>
    <message>
        <location filename="../gui/field_panel.py"/>
        <source>The field that the answers are written into</source>
        <translation>Das Feld, in das die Antworten geschrieben werden</translation>
    </message>
    <message>
        <location filename="../gui/field_panel.py"/>
        <source>Value</source>
        <translation>Wert</translation>
    </message>
    <message>
        <location filename="../gui/field_panel.py"/>
        <source>What of an answer is written</source>
        <translation>Was von einer Antwort geschrieben wird</translation>
    </message>
    <message>
        <location filename="../gui/field_panel.py"/>
        <source>Ask the question that is typed below about each polygon</source>
        <translation>Die unten eingegebene Frage zu jedem Polygon stellen</translation>
    </message>
    <message>
        <location filename="../gui/field_panel.py"/>
        <location filename="../gui/server_dialog.py"/>
        <location filename="../gui/setup_dialog.py"/>
        <location filename="../gui/shape_preview.py"/>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <location filename="../gui/field_panel.py"/>
        <source>Close without asking</source>
        <translation>Schließen, ohne zu fragen</translation>
    </message>
    <message>
        <location filename="../gui/help_window.py"/>
        <source>GeoPix: guide</source>
        <translation>GeoPix: Anleitung (englisch)</translation>
    </message>
    <message>
        <location filename="../gui/locator.py"/>
        <source>Ask GeoPix (gp question)</source>
        <translation>GeoPix fragen (gp Frage)</translation>
    </message>
    <message>
        <location filename="../gui/locator.py"/>
        <source>GeoPix asks about the raster and the area that are chosen in its dock</source>
        <translation>GeoPix fragt nach dem Raster und dem Gebiet, die in seinem Bedienfeld gewählt sind</translation>
    </message>
    <message>
        <location filename="../gui/locator.py"/>
        <source>Ask: {prompt}</source>
        <translation>Fragen: {prompt}</translation>
    </message>
    <message>
        <location filename="../gui/map_links.py"/>
        <source>These polygons are no longer on the map. Ask again with Retry.</source>
        <translation>Diese Polygone sind nicht mehr auf der Karte. Fragen Sie mit „wiederholen“ noch einmal.</translation>
    </message>
    <message>
        <location filename="../gui/map_links.py"/>
        <source>These polygons are hidden by a filter. Loosen the limits under the answers, or the filter of their layer.</source>
        <translation>Diese Polygone sind von einem Filter verborgen. Lockern Sie die Grenzen unter den Antworten oder den Filter ihres Layers.</translation>
    </message>
    <message>
        <location filename="../gui/model_list.py"/>
        <source>{name} is here; it answers from the next question on.</source>
        <translation>{name} ist da und antwortet ab der nächsten Frage.</translation>
    </message>
    <message>
        <location filename="../gui/model_list.py"/>
        <location filename="../gui/options.py"/>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <location filename="../gui/model_list.py"/>
        <source>Which model answers, from the next question on</source>
        <translation>Welches Modell antwortet, ab der nächsten Frage</translation>
    </message>
    <message>
        <location filename="../gui/model_list.py"/>
        <source>Download</source>
        <translation>Herunterladen</translation>
    </message>
    <message>
        <location filename="../gui/model_list.py"/>
        <source>Fetch it; an earlier download goes on where it stopped</source>
        <translation>Herunterladen; ein früherer Versuch geht weiter, wo er aufgehört hat</translation>
    </message>
    <message>
        <location filename="../gui/model_list.py"/>
        <source>Stop the download</source>
        <translation>Das Herunterladen anhalten</translation>
    </message>
    <message>
        <location filename="../gui/model_list.py"/>
        <source>What has come is kept</source>
        <translation>Was schon da ist, bleibt</translation>
    </message>
    <message>
        <location filename="../gui/model_list.py"/>
        <source>Progress of the download</source>
        <translation>Fortschritt des Herunterladens</translation>
    </message>
    <message>
        <location filename="../gui/model_list.py"/>
        <source>How far the download is</source>
        <translation>Wie weit das Herunterladen ist</translation>
    </message>
    <message>
        <location filename="../gui/model_list.py"/>
        <source> - not here yet, {download_bytes:.1f} GB</source>
        <translation> - noch nicht da, {download_bytes:.1f} GB</translation>
    </message>
    <message>
        <location filename="../gui/model_list.py"/>
        <source>Download ({download_bytes:.1f} GB)</source>
        <translation>Herunterladen ({download_bytes:.1f} GB)</translation>
    </message>
    <message>
        <location filename="../gui/model_list.py"/>
        <source>Stopped. What has come is kept: Download goes on from here.</source>
        <translation>Angehalten. Was schon da ist, bleibt: „Herunterladen“ macht hier weiter.</translation>
    </message>
    <message>
        <location filename="../gui/model_list.py"/>
        <source>{on_this_machine} {how_to_get}</source>
        <translation>{on_this_machine} {how_to_get}</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <source>{parameters:,.1f} M parameters; needs about {memory_bytes:,.0f} MiB; windows of {window_px} px; {fine:g} to {coarse:g} m per pixel; device {device}</source>
        <translation>{parameters:,.1f} Mio. Parameter; braucht etwa {memory_bytes:,.0f} MiB; Fenster von {window_px} px; {fine:g} bis {coarse:g} m je Pixel; Gerät {device}</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <source>Licence: {licence}</source>
        <translation>Lizenz: {licence}</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <source>on the server {server_url}</source>
        <translation>auf dem Server {server_url}</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <source>on this computer</source>
        <translation>auf diesem Rechner</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <source>The model process runs {place}.{message}</source>
        <translation>Der Modellprozess läuft {place}.{message}</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <source>Model: {model} (more is known once the process has started), device {device}</source>
        <translation>Modell: {model} (mehr ist bekannt, wenn der Prozess gestartet ist), Gerät {device}</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <source>Not installed: {how_to_get}</source>
        <translation>Nicht installiert: {how_to_get}</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <source>Start</source>
        <translation>Starten</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <source>Restart</source>
        <translation>Neu starten</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <location filename="../gui/setup_dialog.py"/>
        <source>Copy report</source>
        <translation>Bericht kopieren</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <location filename="../gui/setup_card.py"/>
        <source>Set up...</source>
        <translation>Einrichten …</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <location filename="../gui/setup_card.py"/>
        <source>Use a server...</source>
        <translation>Server benutzen …</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <source>Use this computer</source>
        <translation>Diesen Rechner benutzen</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <source>{name}: {used:.1f} of {memory_total:.1f} GiB in use, {free:.1f} free</source>
        <translation>{name}: {used:.1f} von {memory_total:.1f} GiB benutzt, {free:.1f} frei</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <source>Memory of the device</source>
        <translation>Speicher des Geräts</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <source>Of the GPU or the computer that the model runs on</source>
        <translation>Der GPU oder des Rechners, auf dem das Modell läuft</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <source>Last messages of the model process</source>
        <translation>Letzte Meldungen des Modellprozesses</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <source>Start the model process; the first question does so as well</source>
        <translation>Den Modellprozess starten; die erste Frage tut es auch</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <source>End the model process and free its memory; the chat stays</source>
        <translation>Den Modellprozess beenden und seinen Speicher freigeben; das Gespräch bleibt</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <source>End the model process and start it again; the chat stays</source>
        <translation>Den Modellprozess beenden und wieder starten; das Gespräch bleibt</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <source>Copy versions, settings and messages, without your name</source>
        <translation>Versionen, Einstellungen und Meldungen kopieren, ohne Ihren Namen</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <location filename="../gui/setup_card.py"/>
        <source>Set up</source>
        <translation>Einrichten</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <source>Install the model process anew, such as for another GPU</source>
        <translation>Den Modellprozess neu installieren, etwa für eine andere GPU</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <location filename="../gui/server_dialog.py"/>
        <location filename="../gui/setup_card.py"/>
        <source>Use a server</source>
        <translation>Server benutzen</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <source>Let another computer do the work</source>
        <translation>Einen anderen Rechner die Arbeit tun lassen</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <source>No longer use the server</source>
        <translation>Den Server nicht mehr benutzen</translation>
    </message>
    <message>
        <location filename="../gui/model_panel.py"/>
        <source>Last messages of the model process:</source>
        <translation>Letzte Meldungen des Modellprozesses:</translation>
    </message>
    <message>
        <location filename="../gui/options.py"/>
        <source>Temporary layers</source>
        <translation>Temporäre Layer</translation>
    </message>
    <message>
        <location filename="../gui/options.py"/>
        <source>GeoPackage beside the raster</source>
        <translation>GeoPackage neben dem Raster</translation>
    </message>
    <message>
        <location filename="../gui/options.py"/>
        <source>One for a conversation</source>
        <translation>Einer je Gespräch</translation>
    </message>
    <message>
        <location filename="../gui/options.py"/>
        <source>One for each class</source>
        <translation>Einer je Klasse</translation>
    </message>
    <message>
        <location filename="../gui/options.py"/>
        <source>Empty: the environment beside the plugin</source>
        <translation>Leer: die Umgebung neben der Erweiterung</translation>
    </message>
    <message>
        <location filename="../gui/options.py"/>
        <source>Polygons that the model is less sure of are dropped</source>
        <translation>Polygone, bei denen das Modell weniger sicher ist, fallen weg</translation>
    </message>
    <message>
        <location filename="../gui/options.py"/>
        <source>any</source>
        <translation>beliebig</translation>
    </message>
    <message>
        <location filename="../gui/options.py"/>
        <source>Smaller polygons are dropped and not counted; needs a raster with a CRS</source>
        <translation>Kleinere Polygone fallen weg und werden nicht gezählt; braucht ein Raster mit KBS</translation>
    </message>
    <message>
        <location filename="../gui/options.py"/>
        <source>A GeoPackage holds every answer at once, with style and provenance; else use Export</source>
        <translation>Ein GeoPackage enthält jede Antwort sofort, mit Stil und Herkunft; benutzen Sie sonst den Export</translation>
    </message>
    <message>
        <location filename="../gui/options.py"/>
        <source>Layers lie in one group for each raster</source>
        <translation>Die Layer liegen in einer Gruppe je Raster</translation>
    </message>
    <message>
        <location filename="../gui/options.py"/>
        <source>Label the polygons with their class</source>
        <translation>Die Polygone mit ihrer Klasse beschriften</translation>
    </message>
    <message>
        <location filename="../gui/options.py"/>
        <source>For new layers; each layer's own properties change it later</source>
        <translation>Für neue Layer; die Eigenschaften jedes Layers ändern es später</translation>
    </message>
    <message>
        <location filename="../gui/options.py"/>
        <location filename="../gui/setup_card.py"/>
        <source>Python of the model</source>
        <translation>Python des Modells</translation>
    </message>
    <message>
        <location filename="../gui/options.py"/>
        <source>Device (from the next start of the model)</source>
        <translation>Gerät (ab dem nächsten Start des Modells)</translation>
    </message>
    <message>
        <location filename="../gui/options.py"/>
        <location filename="../processing/algorithm.py"/>
        <source>Least score of a polygon</source>
        <translation>Mindestkonfidenz eines Polygons</translation>
    </message>
    <message>
        <location filename="../gui/options.py"/>
        <source>Least area of a polygon</source>
        <translation>Mindestfläche eines Polygons</translation>
    </message>
    <message>
        <location filename="../gui/options.py"/>
        <source>Keep new answers in</source>
        <translation>Neue Antworten aufbewahren in</translation>
    </message>
    <message>
        <location filename="../gui/options.py"/>
        <source>Layers of answers</source>
        <translation>Layer der Antworten</translation>
    </message>
    <message>
        <location filename="../gui/options.py"/>
        <source>Device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <location filename="../gui/options.py"/>
        <source>Where new answers are kept</source>
        <translation>Wo neue Antworten aufbewahrt werden</translation>
    </message>
    <message>
        <location filename="../gui/panel.py"/>
        <source>Ask about each selected polygon and write the answers into a field of its layer</source>
        <translation>Nach jedem ausgewählten Polygon fragen und die Antworten in ein Feld seines Layers schreiben</translation>
    </message>
    <message>
        <location filename="../gui/panel.py"/>
        <location filename="../gui/result_row.py"/>
        <source>Export...</source>
        <translation>Export …</translation>
    </message>
    <message>
        <location filename="../gui/panel.py"/>
        <location filename="../model_choice.py"/>
        <source>, {duration} left</source>
        <translation>, noch {duration}</translation>
    </message>
    <message>
        <location filename="../gui/panel.py"/>
        <source>{done:,} of {total:,} windows</source>
        <translation>{done:,} von {total:,} Fenstern</translation>
    </message>
    <message>
        <location filename="../gui/panel.py"/>
        <location filename="../processing/algorithm.py"/>
        <source>Raster</source>
        <translation>Raster</translation>
    </message>
    <message>
        <location filename="../gui/panel.py"/>
        <source>The raster layer that the question is about</source>
        <translation>Der Rasterlayer, nach dem gefragt wird</translation>
    </message>
    <message>
        <location filename="../gui/panel.py"/>
        <source>Menu</source>
        <translation>Menü</translation>
    </message>
    <message>
        <location filename="../gui/panel.py"/>
        <source>New conversation, save it as Markdown, model, options</source>
        <translation>Neues Gespräch, als Markdown speichern, Modell, Optionen</translation>
    </message>
    <message>
        <location filename="../gui/panel.py"/>
        <source>What will be looked at</source>
        <translation>Was betrachtet wird</translation>
    </message>
    <message>
        <location filename="../gui/panel.py"/>
        <source>Point at a place</source>
        <translation>Auf einen Ort zeigen</translation>
    </message>
    <message>
        <location filename="../gui/panel.py"/>
        <source>Click a place on the map to ask about what is there</source>
        <translation>Klicken Sie einen Ort auf der Karte an, um zu fragen, was dort ist</translation>
    </message>
    <message>
        <location filename="../gui/panel.py"/>
        <source>Ask about each selected polygon</source>
        <translation>Nach jedem ausgewählten Polygon fragen</translation>
    </message>
    <message>
        <location filename="../gui/panel.py"/>
        <source>What is wanted</source>
        <translation>Was gewünscht ist</translation>
    </message>
    <message>
        <location filename="../gui/panel.py"/>
        <source>Write the polygons to a file</source>
        <translation>Die Polygone in eine Datei schreiben</translation>
    </message>
    <message>
        <location filename="../gui/prompt_input.py"/>
        <source>Question about the raster</source>
        <translation>Frage zum Raster</translation>
    </message>
    <message>
        <location filename="../gui/prompt_input.py"/>
        <source>Ask about what you see...</source>
        <translation>Fragen Sie (auf Englisch) …</translation>
    </message>
    <message>
        <location filename="../gui/prompt_input.py"/>
        <source>Enter sends, Shift+Enter begins a new line, Up brings back what you asked before</source>
        <translation>Die Eingabetaste sendet, mit Umschalt beginnt sie eine neue Zeile, Pfeil nach oben holt frühere Fragen zurück</translation>
    </message>
    <message>
        <location filename="../gui/result_card.py"/>
        <source>Show rejected polygons, to look at them again or restore them</source>
        <translation>Abgelehnte Polygone zeigen, um sie noch einmal anzusehen oder zurückzuholen</translation>
    </message>
    <message>
        <location filename="../gui/result_card.py"/>
        <source>Results: {seen:,} shown</source>
        <translation>Ergebnisse: {seen:,} gezeigt</translation>
    </message>
    <message>
        <location filename="../gui/result_card.py"/>
        <source>Show {rejected:,} rejected</source>
        <translation>{rejected:,} abgelehnte zeigen</translation>
    </message>
    <message>
        <location filename="../gui/result_card.py"/>
        <source>square metres on the ground</source>
        <translation>Quadratmeter am Boden</translation>
    </message>
    <message>
        <location filename="../gui/result_card.py"/>
        <source>square units of the coordinates, as there is no CRS</source>
        <translation>Quadrateinheiten der Koordinaten, da es kein KBS gibt</translation>
    </message>
    <message>
        <location filename="../gui/result_card.py"/>
        <source>Least area</source>
        <translation>Mindestfläche</translation>
    </message>
    <message>
        <location filename="../gui/result_card.py"/>
        <source>Hide smaller polygons ({unit}); accepted ones stay</source>
        <translation>Kleinere Polygone verbergen ({unit}); angenommene bleiben</translation>
    </message>
    <message>
        <location filename="../gui/result_card.py"/>
        <source>Least score</source>
        <translation>Mindestkonfidenz</translation>
    </message>
    <message>
        <location filename="../gui/result_card.py"/>
        <source>Hide polygons that the model is less sure of; accepted ones stay</source>
        <translation>Polygone verbergen, bei denen das Modell weniger sicher ist; angenommene bleiben</translation>
    </message>
    <message>
        <location filename="../gui/result_card.py"/>
        <source>Show or hide the results</source>
        <translation>Die Ergebnisse zeigen oder verbergen</translation>
    </message>
    <message>
        <location filename="../gui/result_card.py"/>
        <source>Undo: {name}</source>
        <translation>Rückgängig: {name}</translation>
    </message>
    <message>
        <location filename="../gui/result_card.py"/>
        <source>Nothing to undo</source>
        <translation>Nichts rückgängig zu machen</translation>
    </message>
    <message>
        <location filename="../gui/result_card.py"/>
        <location filename="../review.py"/>
        <source>Accept</source>
        <translation>Annehmen</translation>
    </message>
    <message>
        <location filename="../gui/result_card.py"/>
        <source>Accept the selected polygons: no limit hides them any more</source>
        <translation>Die ausgewählten Polygone annehmen: Keine Grenze verbirgt sie mehr</translation>
    </message>
    <message>
        <location filename="../gui/result_card.py"/>
        <location filename="../review.py"/>
        <source>Reject</source>
        <translation>Ablehnen</translation>
    </message>
    <message>
        <location filename="../gui/result_card.py"/>
        <source>Reject the selected polygons: they are hidden</source>
        <translation>Die ausgewählten Polygone ablehnen: Sie werden verborgen</translation>
    </message>
    <message>
        <location filename="../gui/result_card.py"/>
        <source>Merge</source>
        <translation>Vereinigen</translation>
    </message>
    <message>
        <location filename="../gui/result_card.py"/>
        <source>Unite the selected polygons of one class</source>
        <translation>Die ausgewählten Polygone einer Klasse vereinigen</translation>
    </message>
    <message>
        <location filename="../gui/result_card.py"/>
        <source>Shape</source>
        <translation>Formen</translation>
    </message>
    <message>
        <location filename="../gui/result_card.py"/>
        <source>Fill holes, simplify or square outlines...</source>
        <translation>Löcher füllen, Umrisse vereinfachen oder rechtwinklig machen …</translation>
    </message>
    <message>
        <location filename="../gui/result_card.py"/>
        <source>Undo</source>
        <translation>Rückgängig</translation>
    </message>
    <message>
        <location filename="../gui/result_card.py"/>
        <source>Score ≥</source>
        <translation>Konfidenz ≥</translation>
    </message>
    <message>
        <location filename="../gui/result_card.py"/>
        <source>Area ≥</source>
        <translation>Fläche ≥</translation>
    </message>
    <message>
        <location filename="../gui/result_row.py"/>
        <source>{count:,} of {polygons} pass the limits of score and area</source>
        <translation>{count:,} von {polygons} liegen innerhalb der Grenzen von Konfidenz und Fläche</translation>
    </message>
    <message>
        <location filename="../gui/result_row.py"/>
        <source>geodesic areas</source>
        <translation>geodätischen Flächen</translation>
    </message>
    <message>
        <location filename="../gui/result_row.py"/>
        <source>areas, in square units of the coordinates,</source>
        <translation>Flächen, in Quadrateinheiten der Koordinaten,</translation>
    </message>
    <message>
        <location filename="../gui/result_row.py"/>
        <source>Sum of the {kind} of {polygons}</source>
        <translation>Summe der {kind} von {polygons}</translation>
    </message>
    <message>
        <location filename="../gui/result_row.py"/>
        <source>Hide {category}</source>
        <translation>{category} verbergen</translation>
    </message>
    <message>
        <location filename="../gui/result_row.py"/>
        <source>{count:,}</source>
        <translation>{count:,}</translation>
    </message>
    <message>
        <location filename="../gui/result_row.py"/>
        <source>Zoom to {category}</source>
        <translation>Auf {category} zoomen</translation>
    </message>
    <message>
        <location filename="../gui/result_row.py"/>
        <source>More for {category}</source>
        <translation>Mehr zu {category}</translation>
    </message>
    <message>
        <location filename="../gui/result_row.py"/>
        <source>Restore {rejected:,} Rejected</source>
        <translation>{rejected:,} abgelehnte zurückholen</translation>
    </message>
    <message>
        <location filename="../gui/result_row.py"/>
        <source>Show {category}</source>
        <translation>{category} zeigen</translation>
    </message>
    <message>
        <location filename="../gui/result_row.py"/>
        <source>Style...</source>
        <translation>Stil …</translation>
    </message>
    <message>
        <location filename="../gui/result_row.py"/>
        <source>Accept All Shown</source>
        <translation>Alle gezeigten annehmen</translation>
    </message>
    <message>
        <location filename="../gui/result_row.py"/>
        <source>Reject All Shown</source>
        <translation>Alle gezeigten ablehnen</translation>
    </message>
    <message>
        <location filename="../gui/result_row.py"/>
        <source>Delete All Shown</source>
        <translation>Alle gezeigten löschen</translation>
    </message>
    <message>
        <location filename="../gui/result_row.py"/>
        <source>{n:,} accepted</source>
        <translation>{n:,} angenommen</translation>
    </message>
    <message>
        <location filename="../gui/result_row.py"/>
        <source>{n:,} rejected</source>
        <translation>{n:,} abgelehnt</translation>
    </message>
    <message>
        <location filename="../gui/results_menu.py"/>
        <source>From the next conversation on. The layers that are on the map stay as they are.</source>
        <translation>Ab dem nächsten Gespräch. Die Layer auf der Karte bleiben, wie sie sind.</translation>
    </message>
    <message>
        <location filename="../gui/results_menu.py"/>
        <source>Keep these polygons in a GeoPackage...</source>
        <translation>Diese Polygone in einem GeoPackage aufbewahren …</translation>
    </message>
    <message>
        <location filename="../gui/results_menu.py"/>
        <source>Label new layers</source>
        <translation>Neue Layer beschriften</translation>
    </message>
    <message>
        <location filename="../gui/results_menu.py"/>
        <source>The polygons are kept in {file} now, with their style and history.</source>
        <translation>Die Polygone liegen jetzt in {file}, mit Stil und Herkunft.</translation>
    </message>
    <message>
        <location filename="../gui/results_menu.py"/>
        <source>Keep polygons in</source>
        <translation>Polygone aufbewahren in</translation>
    </message>
    <message>
        <location filename="../gui/results_menu.py"/>
        <source>GeoPackage (*.gpkg)</source>
        <translation>GeoPackage (*.gpkg)</translation>
    </message>
    <message>
        <location filename="../gui/results_menu.py"/>
        <source>New answers go to</source>
        <translation>Neue Antworten kommen nach</translation>
    </message>
    <message>
        <location filename="../gui/results_menu.py"/>
        <source>Layers of new answers</source>
        <translation>Layer neuer Antworten</translation>
    </message>
    <message>
        <location filename="../gui/results_menu.py"/>
        <source>There are no polygons to keep. Ask a question first.</source>
        <translation>Es gibt keine Polygone aufzubewahren. Stellen Sie zuerst eine Frage.</translation>
    </message>
    <message>
        <location filename="../gui/reviewing.py"/>
        <source>{next_name}: done.</source>
        <translation>{next_name}: erledigt.</translation>
    </message>
    <message>
        <location filename="../gui/reviewing.py"/>
        <source>The selected polygons lie in several layers ({names}). Select polygons of one layer.</source>
        <translation>Die ausgewählten Polygone liegen in mehreren Layern ({names}). Wählen Sie Polygone eines Layers aus.</translation>
    </message>
    <message>
        <location filename="../gui/reviewing.py"/>
        <source>{undone}: undone.</source>
        <translation>{undone}: rückgängig gemacht.</translation>
    </message>
    <message>
        <location filename="../gui/server_dialog.py"/>
        <source>&lt;p&gt;Another computer of your network can do the work, such as one with a GPU. There, &lt;code&gt;geopix serve --host ADDRESS --port 8443&lt;/code&gt; runs with a token.&lt;/p&gt;&lt;p&gt;&lt;b&gt;The pixels that you ask about and your questions are sent to it.&lt;/b&gt; The token is kept encrypted in QGIS's authentication manager.&lt;/p&gt;</source>
        <translation>&lt;p&gt;Ein anderer Rechner Ihres Netzes kann die Arbeit tun, etwa einer mit GPU. Dort läuft &lt;code&gt;geopix serve --host ADDRESS --port 8443&lt;/code&gt; mit einem Token.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Die Pixel, nach denen Sie fragen, und Ihre Fragen werden an ihn gesendet.&lt;/b&gt; Das Token wird verschlüsselt in der Authentifizierungsverwaltung von QGIS aufbewahrt.&lt;/p&gt;</translation>
    </message>
    <message>
        <location filename="../gui/server_dialog.py"/>
        <source>This address is not encrypted: everybody on the way can read pixels, questions and the token. Prefer https.</source>
        <translation>Diese Adresse ist nicht verschlüsselt: Jeder auf dem Weg kann Pixel, Fragen und das Token lesen. Nehmen Sie besser https.</translation>
    </message>
    <message>
        <location filename="../gui/server_dialog.py"/>
        <source>GeoPix - use a server</source>
        <translation>GeoPix - Server benutzen</translation>
    </message>
    <message>
        <location filename="../gui/server_dialog.py"/>
        <source>Address</source>
        <translation>Adresse</translation>
    </message>
    <message>
        <location filename="../gui/server_dialog.py"/>
        <source>Token</source>
        <translation>Token</translation>
    </message>
    <message>
        <location filename="../gui/server_dialog.py"/>
        <source>Asking it...</source>
        <translation>Er wird gefragt …</translation>
    </message>
    <message>
        <location filename="../gui/server_dialog.py"/>
        <source>It answers: GeoPix {version}, {model} on {where}.</source>
        <translation>Er antwortet: GeoPix {version}, {model} auf {where}.</translation>
    </message>
    <message>
        <location filename="../gui/server_dialog.py"/>
        <source>Connect</source>
        <translation>Verbinden</translation>
    </message>
    <message>
        <location filename="../gui/server_dialog.py"/>
        <source>Address of the server</source>
        <translation>Adresse des Servers</translation>
    </message>
    <message>
        <location filename="../gui/server_dialog.py"/>
        <source>With its port</source>
        <translation>Mit dem Port</translation>
    </message>
    <message>
        <location filename="../gui/server_dialog.py"/>
        <source>Token of the server</source>
        <translation>Token des Servers</translation>
    </message>
    <message>
        <location filename="../gui/server_dialog.py"/>
        <source>As it was given to 'geopix serve'</source>
        <translation>Wie es 'geopix serve' bekommen hat</translation>
    </message>
    <message>
        <location filename="../gui/server_dialog.py"/>
        <source>Warning</source>
        <translation>Warnung</translation>
    </message>
    <message>
        <location filename="../gui/server_dialog.py"/>
        <source>Whether it can be used</source>
        <translation>Ob er benutzt werden kann</translation>
    </message>
    <message>
        <location filename="../gui/server_dialog.py"/>
        <source>Try it, and use it from now on if it answers</source>
        <translation>Ihn ausprobieren und von jetzt an benutzen, wenn er antwortet</translation>
    </message>
    <message>
        <location filename="../gui/server_dialog.py"/>
        <source>Change nothing</source>
        <translation>Nichts ändern</translation>
    </message>
    <message>
        <location filename="../gui/setting_up.py"/>
        <source>The model process is installed. Type a question.</source>
        <translation>Der Modellprozess ist installiert. Geben Sie eine Frage ein.</translation>
    </message>
    <message>
        <location filename="../gui/setting_up.py"/>
        <source>Questions and their pixels now go to {url}.</source>
        <translation>Fragen und ihre Pixel gehen jetzt an {url}.</translation>
    </message>
    <message>
        <location filename="../gui/setup_card.py"/>
        <source>Choose Python...</source>
        <translation>Python wählen …</translation>
    </message>
    <message>
        <location filename="../gui/setup_card.py"/>
        <location filename="../gui/setup_dialog.py"/>
        <source>Set up the model</source>
        <translation>Das Modell einrichten</translation>
    </message>
    <message>
        <location filename="../gui/setup_card.py"/>
        <source>What is missing</source>
        <translation>Was fehlt</translation>
    </message>
    <message>
        <location filename="../gui/setup_card.py"/>
        <source>Install the model process outside of QGIS; asks before it does anything</source>
        <translation>Den Modellprozess außerhalb von QGIS installieren; fragt, bevor etwas geschieht</translation>
    </message>
    <message>
        <location filename="../gui/setup_card.py"/>
        <source>Let another computer, such as a GPU box, do the work</source>
        <translation>Einen anderen Rechner, etwa einen mit GPU, die Arbeit tun lassen</translation>
    </message>
    <message>
        <location filename="../gui/setup_card.py"/>
        <source>Choose Python</source>
        <translation>Python wählen</translation>
    </message>
    <message>
        <location filename="../gui/setup_card.py"/>
        <source>The Python of an environment that holds the model</source>
        <translation>Das Python einer Umgebung, die das Modell enthält</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>&lt;p&gt;GeoPix answers with a model that runs in a &lt;b&gt;process of its own&lt;/b&gt;. It needs PyTorch and some other packages, which go into a folder of their own. &lt;b&gt;QGIS and its Python are not changed&lt;/b&gt;; deleting the folder undoes everything.&lt;/p&gt;&lt;p&gt;Packages come from where your pip or uv is set to fetch them, PyTorch from where you say below. After that nothing leaves this computer.&lt;/p&gt;</source>
        <translation>&lt;p&gt;GeoPix antwortet mit einem Modell, das in einem &lt;b&gt;eigenen Prozess&lt;/b&gt; läuft. Es braucht PyTorch und einige andere Pakete; sie kommen in einen eigenen Ordner. &lt;b&gt;QGIS und sein Python werden nicht verändert&lt;/b&gt;; wer den Ordner löscht, macht alles rückgängig.&lt;/p&gt;&lt;p&gt;Pakete kommen von dort, wo Ihr pip oder uv laut Einstellung sucht, PyTorch von dort, wo Sie es unten sagen. Danach verlässt nichts diesen Rechner.&lt;/p&gt;</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>Found neither uv nor a Python from 3.11 to 3.14. Install Python 3.12 (64 bits), or uv, which fetches a Python by itself; then press Look again. Or use a server.</source>
        <translation>Weder uv noch ein Python von 3.11 bis 3.14 gefunden. Installieren Sie Python 3.12 (64 Bit) oder uv, das selbst ein Python holt, und drücken Sie dann „Noch einmal suchen“. Oder benutzen Sie einen Server.</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>This copy of the plugin came without the packages of the model. Install the plugin from the zip that scripts/package_plugin makes.</source>
        <translation>Diese Kopie der Erweiterung kam ohne die Pakete des Modells. Installieren Sie die Erweiterung aus der ZIP-Datei, die scripts/package_plugin macht.</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>NVIDIA GPU (CUDA)</source>
        <translation>NVIDIA-GPU (CUDA)</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>AMD GPU (ROCm)</source>
        <translation>AMD-GPU (ROCm)</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>{home}
{free:,.0f} GB are free there</source>
        <translation>{home}
Dort sind {free:,.0f} GB frei</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>{where}; about {download:.1f} GB to fetch, about {disk:.1f} GB of disk while it is installed.</source>
        <translation>{where}; etwa {download:.1f} GB zu holen, etwa {disk:.1f} GB Platte während der Installation.</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>For PyTorch alone; everything else comes from where your pip or uv is set to look</source>
        <translation>Nur für PyTorch; alles andere kommt von dort, wo Ihr pip oder uv laut Einstellung sucht</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>Of an index that holds PyTorch, such as PyTorch's start page names it</source>
        <translation>Eines Index, der PyTorch enthält, wie ihn die Startseite von PyTorch nennt</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>A folder made by scripts/bundle: everything comes from there, without a network</source>
        <translation>Ein von scripts/bundle gemachter Ordner: Alles kommt von dort, ohne Netz</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>PyTorch's own index of this build</source>
        <translation>PyTorchs eigener Index für diese Ausgabe</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>where your pip or uv is set to look</source>
        <translation>wo Ihr pip oder uv laut Einstellung sucht</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>the index at this address</source>
        <translation>der Index unter dieser Adresse</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>none: fetch from the network</source>
        <translation>keines: aus dem Netz holen</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>Look again</source>
        <translation>Noch einmal suchen</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>What will be run</source>
        <translation>Was ausgeführt wird</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>Looking for uv and Python...</source>
        <translation>uv und Python werden gesucht …</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>{where}; nothing to fetch, about {disk:.1f} GB of disk while it is installed.</source>
        <translation>{where}; nichts zu holen, etwa {disk:.1f} GB Platte während der Installation.</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>{where}; up to {download:.1f} GB to fetch, up to {disk:.1f} GB of disk while it is installed.</source>
        <translation>{where}; bis zu {download:.1f} GB zu holen, bis zu {disk:.1f} GB Platte während der Installation.</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>Make it with</source>
        <translation>Machen mit</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>PyTorch for</source>
        <translation>PyTorch für</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>PyTorch from</source>
        <translation>PyTorch von</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>Offline bundle</source>
        <translation>Offline-Bündel</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>Folder</source>
        <translation>Ordner</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>nothing that can be used</source>
        <translation>nichts, was sich benutzen ließe</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>none that PyTorch can use</source>
        <translation>keine, die PyTorch benutzen kann</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>Type the address of an index for PyTorch, such as PyTorch's start page names it.</source>
        <translation>Geben Sie die Adresse eines Index für PyTorch ein, wie ihn die Startseite von PyTorch nennt.</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>The bundle is of version {version}, this plugin of version {plugin_version}.</source>
        <translation>Das Bündel hat die Version {version}, diese Erweiterung die Version {plugin_version}.</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>The bundle is for {system}, this computer is {here}. Make one on such a computer.</source>
        <translation>Das Bündel ist für {system}, dieser Rechner ist {here}. Machen Sie eines auf einem solchen Rechner.</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>The bundle is for Python {python}. Choose that one above, or install it.</source>
        <translation>Das Bündel ist für Python {python}. Wählen Sie oben dieses, oder installieren Sie es.</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>That is too little: make room first, or set GEOPIX_HOME to another folder.</source>
        <translation>Das ist zu wenig: Schaffen Sie zuerst Platz, oder setzen Sie GEOPIX_HOME auf einen anderen Ordner.</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>Unless your pip or uv is set to something else, the CUDA build comes from there on Linux: large, and without a use but on NVIDIA GPUs. PyTorch's own index has the smaller build that fits.</source>
        <translation>Wenn Ihr pip oder uv nicht anders eingestellt ist, kommt von dort unter Linux die CUDA-Ausgabe: groß, und nur mit NVIDIA-GPUs von Nutzen. PyTorchs eigener Index hat die kleinere Ausgabe, die passt.</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>Make the environment with</source>
        <translation>Die Umgebung machen mit</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>uv is quicker, and fetches a Python by itself</source>
        <translation>uv ist schneller und holt selbst ein Python</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>Build of PyTorch</source>
        <translation>Ausgabe von PyTorch</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>Chosen by the GPU that was found; change it if you know better</source>
        <translation>Nach der gefundenen GPU gewählt; ändern Sie es, wenn Sie es besser wissen</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>Where PyTorch comes from</source>
        <translation>Woher PyTorch kommt</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>Address of the index for PyTorch</source>
        <translation>Adresse des Index für PyTorch</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>After you have installed uv or Python</source>
        <translation>Nachdem Sie uv oder Python installiert haben</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>Where, and how much</source>
        <translation>Wohin, und wie viel</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>What to know</source>
        <translation>Was zu wissen ist</translation>
    </message>
    <message>
        <location filename="../gui/setup_choices.py"/>
        <source>Then press Look again.</source>
        <translation>Drücken Sie dann „Noch einmal suchen“.</translation>
    </message>
    <message>
        <location filename="../gui/setup_dialog.py"/>
        <source>The model process is installed and was started once. You can ask now.</source>
        <translation>Der Modellprozess ist installiert und wurde einmal gestartet. Sie können jetzt fragen.</translation>
    </message>
    <message>
        <location filename="../gui/setup_dialog.py"/>
        <source>Install</source>
        <translation>Installieren</translation>
    </message>
    <message>
        <location filename="../gui/setup_dialog.py"/>
        <source>GeoPix - set up the model</source>
        <translation>GeoPix - das Modell einrichten</translation>
    </message>
    <message>
        <location filename="../gui/setup_dialog.py"/>
        <source>Try again</source>
        <translation>Noch einmal versuchen</translation>
    </message>
    <message>
        <location filename="../gui/setup_dialog.py"/>
        <source>Go on</source>
        <translation>Weitermachen</translation>
    </message>
    <message>
        <location filename="../gui/setup_dialog.py"/>
        <source>Back</source>
        <translation>Zurück</translation>
    </message>
    <message>
        <location filename="../gui/setup_dialog.py"/>
        <source>Change what was chosen</source>
        <translation>Ändern, was gewählt war</translation>
    </message>
    <message>
        <location filename="../gui/setup_dialog.py"/>
        <source>Copy what happened, without your name and without tokens</source>
        <translation>Kopieren, was geschah, ohne Ihren Namen und ohne Token</translation>
    </message>
    <message>
        <location filename="../gui/setup_dialog.py"/>
        <source>Stop; finished steps are kept</source>
        <translation>Anhalten; fertige Schritte bleiben</translation>
    </message>
    <message>
        <location filename="../gui/setup_dialog.py"/>
        <source>Begin, or go on</source>
        <translation>Anfangen oder weitermachen</translation>
    </message>
    <message>
        <location filename="../gui/setup_dialog.py"/>
        <source>Close this window; an installation goes on</source>
        <translation>Dieses Fenster schließen; eine Installation läuft weiter</translation>
    </message>
    <message>
        <location filename="../gui/setup_progress.py"/>
        <source>Log</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <location filename="../gui/setup_progress.py"/>
        <source>Log of the installation</source>
        <translation>Protokoll der Installation</translation>
    </message>
    <message>
        <location filename="../gui/setup_progress.py"/>
        <source>Press Go on whenever you like: finished steps are kept.</source>
        <translation>Drücken Sie „Weitermachen“, wann Sie wollen: Fertige Schritte bleiben.</translation>
    </message>
    <message>
        <location filename="../gui/setup_progress.py"/>
        <source>Steps of the installation</source>
        <translation>Schritte der Installation</translation>
    </message>
    <message>
        <location filename="../gui/setup_progress.py"/>
        <source>Progress of this step</source>
        <translation>Fortschritt dieses Schritts</translation>
    </message>
    <message>
        <location filename="../gui/setup_progress.py"/>
        <source>What is done now</source>
        <translation>Was jetzt geschieht</translation>
    </message>
    <message>
        <location filename="../gui/setup_progress.py"/>
        <source>How it ended</source>
        <translation>Wie es ausging</translation>
    </message>
    <message>
        <location filename="../gui/setup_progress.py"/>
        <source>What to do next</source>
        <translation>Was als Nächstes zu tun ist</translation>
    </message>
    <message>
        <location filename="../gui/setup_progress.py"/>
        <source>{text}  ({seconds:,.0f} s)</source>
        <translation>{text}  ({seconds:,.0f} s)</translation>
    </message>
    <message>
        <location filename="../gui/shape_preview.py"/>
        <source>{count:,} of {total:,} change{kept}.{cut}</source>
        <translation>{count:,} von {total:,} ändern sich{kept}.{cut}</translation>
    </message>
    <message>
        <location filename="../gui/shape_preview.py"/>
        <source>There are no polygons to shape.</source>
        <translation>Es gibt keine Polygone zu formen.</translation>
    </message>
    <message>
        <location filename="../gui/shape_preview.py"/>
        <source>{count:,} of {polygons} looked at...</source>
        <translation>{count:,} von {polygons} betrachtet …</translation>
    </message>
    <message>
        <location filename="../gui/shape_preview.py"/>
        <source>{polygons}: choose what to do.</source>
        <translation>{polygons}: Wählen Sie, was zu tun ist.</translation>
    </message>
    <message>
        <location filename="../gui/shape_preview.py"/>
        <source>, {count:,} kept as they are ({names})</source>
        <translation>, {count:,} bleiben, wie sie sind ({names})</translation>
    </message>
    <message>
        <location filename="../gui/shape_preview.py"/>
        <source>Right angles</source>
        <translation>Rechte Winkel</translation>
    </message>
    <message>
        <location filename="../gui/shape_preview.py"/>
        <source>The first {max_drawn:,} are drawn.</source>
        <translation>Die ersten {max_drawn:,} sind gezeichnet.</translation>
    </message>
    <message>
        <location filename="../gui/shape_preview.py"/>
        <source>{polygons} shaped.</source>
        <translation>{polygons} geformt.</translation>
    </message>
    <message>
        <location filename="../gui/shape_preview.py"/>
        <source>{polygons} got the model's outline back.</source>
        <translation>{polygons}: Der Umriss des Modells ist zurück.</translation>
    </message>
    <message>
        <location filename="../gui/shape_preview.py"/>
        <source>Apply</source>
        <translation>Anwenden</translation>
    </message>
    <message>
        <location filename="../gui/shape_preview.py"/>
        <source>Reset</source>
        <translation>Zurücksetzen</translation>
    </message>
    <message>
        <location filename="../gui/shape_preview.py"/>
        <source>Fill holes below</source>
        <translation>Löcher füllen unter</translation>
    </message>
    <message>
        <location filename="../gui/shape_preview.py"/>
        <source>Holes smaller than this are filled</source>
        <translation>Löcher, die kleiner sind, werden gefüllt</translation>
    </message>
    <message>
        <location filename="../gui/shape_preview.py"/>
        <source>Simplify by</source>
        <translation>Vereinfachen um</translation>
    </message>
    <message>
        <location filename="../gui/shape_preview.py"/>
        <source>Points closer than this to the line between others go</source>
        <translation>Punkte, die näher an der Linie zwischen anderen liegen, fallen weg</translation>
    </message>
    <message>
        <location filename="../gui/shape_preview.py"/>
        <source>Turn the sides of buildings to their main direction</source>
        <translation>Die Seiten von Gebäuden in ihre Hauptrichtung drehen</translation>
    </message>
    <message>
        <location filename="../gui/shape_preview.py"/>
        <source>What would change</source>
        <translation>Was sich ändern würde</translation>
    </message>
    <message>
        <location filename="../gui/shape_preview.py"/>
        <source>Give the polygons the green outlines; Undo takes it back</source>
        <translation>Den Polygonen die grünen Umrisse geben; „Rückgängig“ nimmt es zurück</translation>
    </message>
    <message>
        <location filename="../gui/shape_preview.py"/>
        <source>Give the polygons the outlines that the model drew</source>
        <translation>Den Polygonen die Umrisse geben, die das Modell gezeichnet hat</translation>
    </message>
    <message>
        <location filename="../gui/shape_preview.py"/>
        <source>Leave the polygons as they are</source>
        <translation>Die Polygone lassen, wie sie sind</translation>
    </message>
    <message>
        <location filename="../gui/status_light.py"/>
        <source>off</source>
        <translation>aus</translation>
    </message>
    <message>
        <location filename="../gui/status_light.py"/>
        <source>starting</source>
        <translation>startet</translation>
    </message>
    <message>
        <location filename="../gui/status_light.py"/>
        <source>ready</source>
        <translation>bereit</translation>
    </message>
    <message>
        <location filename="../gui/status_light.py"/>
        <source>busy</source>
        <translation>rechnet</translation>
    </message>
    <message>
        <location filename="../gui/status_light.py"/>
        <source>error</source>
        <translation>Fehler</translation>
    </message>
    <message>
        <location filename="../gui/status_light.py"/>
        <source>The model process is not running; the first question starts it.</source>
        <translation>Der Modellprozess läuft nicht; die erste Frage startet ihn.</translation>
    </message>
    <message>
        <location filename="../gui/status_light.py"/>
        <source>The model process is starting.</source>
        <translation>Der Modellprozess startet.</translation>
    </message>
    <message>
        <location filename="../gui/status_light.py"/>
        <source>The model process is ready.</source>
        <translation>Der Modellprozess ist bereit.</translation>
    </message>
    <message>
        <location filename="../gui/status_light.py"/>
        <source>The model is answering.</source>
        <translation>Das Modell antwortet.</translation>
    </message>
    <message>
        <location filename="../gui/status_light.py"/>
        <source>The model process has a problem; the next question restarts it.</source>
        <translation>Der Modellprozess hat ein Problem; die nächste Frage startet ihn neu.</translation>
    </message>
    <message>
        <location filename="../gui/status_light.py"/>
        <source>Click for the model, its log and a restart.</source>
        <translation>Klicken Sie für das Modell, sein Protokoll und einen Neustart.</translation>
    </message>
    <message>
        <location filename="../gui/status_light.py"/>
        <source>Questions and pixels go to {server}.</source>
        <translation>Fragen und Pixel gehen an {server}.</translation>
    </message>
    <message>
        <location filename="../gui/status_light.py"/>
        <source>Model process: {state}</source>
        <translation>Modellprozess: {state}</translation>
    </message>
    <message>
        <location filename="../gui/task_choice.py"/>
        <source>What you want: Automatic goes by your words; Segment gives outlines, Boxes rectangles, Describe a description, Question an answer in words. The embedded model always answers with outlines; its boxes are drawn around them.</source>
        <translation>Was Sie wünschen: „Automatisch“ richtet sich nach Ihren Worten; „Umrisse“ liefert Umrisse, „Rechtecke“ Rechtecke, „Beschreiben“ eine Beschreibung, „Frage“ eine Antwort in Worten. Das eingebaute Modell antwortet immer mit Umrissen; seine Rechtecke werden um sie gezogen.</translation>
    </message>
    <message>
        <location filename="../gui/task_choice.py"/>
        <source>Automatic</source>
        <translation>Automatisch</translation>
    </message>
    <message>
        <location filename="../gui/task_choice.py"/>
        <source>Segment</source>
        <translation>Umrisse</translation>
    </message>
    <message>
        <location filename="../gui/task_choice.py"/>
        <source>Boxes</source>
        <translation>Rechtecke</translation>
    </message>
    <message>
        <location filename="../gui/task_choice.py"/>
        <source>Describe</source>
        <translation>Beschreiben</translation>
    </message>
    <message>
        <location filename="../gui/task_choice.py"/>
        <source>Question</source>
        <translation>Frage</translation>
    </message>
    <message>
        <location filename="../gui/transcript.py"/>
        <source>Ask in plain words. The answer appears here, its polygons on the map. For example:</source>
        <translation>Fragen Sie in einfachen Worten, auf Englisch. Die Antwort erscheint hier, ihre Polygone auf der Karte. Zum Beispiel:</translation>
    </message>
    <message>
        <location filename="../gui/transcript.py"/>
        <source>Conversation</source>
        <translation>Gespräch</translation>
    </message>
    <message>
        <location filename="../gui/turn_writer.py"/>
        <source>copy</source>
        <translation>kopieren</translation>
    </message>
    <message>
        <location filename="../gui/turn_writer.py"/>
        <source>retry</source>
        <translation>wiederholen</translation>
    </message>
    <message>
        <location filename="../gui/turn_writer.py"/>
        <source>edit</source>
        <translation>bearbeiten</translation>
    </message>
    <message>
        <location filename="../gui/turn_writer.py"/>
        <source>undo</source>
        <translation>rückgängig</translation>
    </message>
    <message>
        <location filename="../gui/turn_writer.py"/>
        <source>restore</source>
        <translation>zurückholen</translation>
    </message>
    <message>
        <location filename="../gui/turn_writer.py"/>
        <source>You</source>
        <translation>Sie</translation>
    </message>
    <message>
        <location filename="../health.py"/>
        <source>The server {address}</source>
        <translation>Der Server {address}</translation>
    </message>
    <message>
        <location filename="../health.py"/>
        <source>{where} does not accept the token. Ask who runs it for the right one.</source>
        <translation>{where} nimmt das Token nicht an. Fragen Sie, wer ihn betreibt, nach dem richtigen.</translation>
    </message>
    <message>
        <location filename="../health.py"/>
        <source>{where} answers, with HTTP status {status}, but is no GeoPix. Check address and port.</source>
        <translation>{where} antwortet mit dem HTTP-Status {status}, ist aber kein GeoPix. Prüfen Sie Adresse und Port.</translation>
    </message>
    <message>
        <location filename="../health.py"/>
        <source>{where} speaks version {found} of the protocol and this plugin version {version}. Install the same release of both.</source>
        <translation>{where} spricht die Version {found} des Protokolls, diese Erweiterung die Version {version}. Installieren Sie beide aus derselben Ausgabe.</translation>
    </message>
    <message>
        <location filename="../install_plan.py"/>
        <source>PyTorch is installed and finds no GPU; it runs on {device}.</source>
        <translation>PyTorch ist installiert und findet keine GPU; es läuft auf: {device}.</translation>
    </message>
    <message>
        <location filename="../install_plan.py"/>
        <source>Install PyTorch {words}</source>
        <translation>PyTorch installieren, {words}</translation>
    </message>
    <message>
        <location filename="../install_plan.py"/>
        <source>Make an environment</source>
        <translation>Eine Umgebung anlegen</translation>
    </message>
    <message>
        <location filename="../install_plan.py"/>
        <source>Install the model and its packages</source>
        <translation>Das Modell und seine Pakete installieren</translation>
    </message>
    <message>
        <location filename="../install_plan.py"/>
        <source>Start it once</source>
        <translation>Einmal starten</translation>
    </message>
    <message>
        <location filename="../install_plan.py"/>
        <source>for the CPU</source>
        <translation>für die CPU</translation>
    </message>
    <message>
        <location filename="../install_plan.py"/>
        <source>for NVIDIA GPUs</source>
        <translation>für NVIDIA-GPUs</translation>
    </message>
    <message>
        <location filename="../install_plan.py"/>
        <source>for AMD GPUs</source>
        <translation>für AMD-GPUs</translation>
    </message>
    <message>
        <location filename="../install_plan.py"/>
        <source>Fetch uv, which knows PyTorch's builds</source>
        <translation>uv holen, das die Ausgaben von PyTorch kennt</translation>
    </message>
    <message>
        <location filename="../install_plan.py"/>
        <source>Check the offline bundle</source>
        <translation>Das Offline-Bündel prüfen</translation>
    </message>
    <message>
        <location filename="../install_plan.py"/>
        <source>Bring pip up to date</source>
        <translation>pip auf den neuesten Stand bringen</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>then press Try again: finished steps are kept.</source>
        <translation>dann drücken Sie „Noch einmal versuchen“: Fertige Schritte bleiben.</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>The program was killed; perhaps the memory was full, or a virus scanner ended it.</source>
        <translation>Das Programm wurde beendet; vielleicht war der Arbeitsspeicher voll, oder ein Virenscanner hat es beendet.</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>The step failed for a reason that is not known here.</source>
        <translation>Der Schritt ist aus einem Grund fehlgeschlagen, der hier nicht bekannt ist.</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>The disk is full.</source>
        <translation>Die Festplatte ist voll.</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <location filename="../installer.py"/>
        <source>Make room, or name a folder on another disk in GEOPIX_HOME and restart QGIS, {again}</source>
        <translation>Schaffen Sie Platz, oder nennen Sie in GEOPIX_HOME einen Ordner auf einer anderen Festplatte und starten QGIS neu, {again}</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>The certificate of the package index is not trusted; often a company's proxy looks into encrypted traffic.</source>
        <translation>Dem Zertifikat des Paketindex wird nicht vertraut; oft sieht der Proxy einer Firma in verschlüsselten Verkehr hinein.</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>Ask your IT for the proxy's certificate and name its file in SSL_CERT_FILE (pip: also 'pip config set global.cert FILE'), restart QGIS, {again} An offline bundle needs no network at all.</source>
        <translation>Fragen Sie Ihre IT nach dem Zertifikat des Proxys, nennen Sie seine Datei in SSL_CERT_FILE (pip: auch 'pip config set global.cert FILE') und starten Sie QGIS neu, {again} Ein Offline-Bündel braucht gar kein Netz.</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>The proxy refused or did not answer.</source>
        <translation>Der Proxy hat abgelehnt oder nicht geantwortet.</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>Check the proxy in Settings &gt; Options &gt; Network (or HTTPS_PROXY), {again}</source>
        <translation>Prüfen Sie den Proxy unter Einstellungen &gt; Optionen &gt; Netzwerk (oder HTTPS_PROXY), {again}</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>A file or folder may not be written, or a program may not be run.</source>
        <translation>Eine Datei oder ein Ordner darf nicht beschrieben oder ein Programm nicht ausgeführt werden.</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>Name a folder of your own in GEOPIX_HOME. Where a virus scanner or a company rule blocks programs in it, ask for an exception for that folder, {again}</source>
        <translation>Nennen Sie in GEOPIX_HOME einen eigenen Ordner. Wo ein Virenscanner oder eine Regel der Firma Programme darin sperrt, bitten Sie um eine Ausnahme für diesen Ordner, {again}</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>The package index refused access.</source>
        <translation>Der Paketindex hat den Zugang verweigert.</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>Check its address, user and token in your pip or uv settings, {again}</source>
        <translation>Prüfen Sie Adresse, Benutzer und Token in Ihren Einstellungen von pip oder uv, {again}</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>The package index cannot be reached.</source>
        <translation>Der Paketindex ist nicht erreichbar.</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>Check the connection, {again} Where PyTorch's own index cannot be reached, but a mirror can, go Back and let PyTorch come from where your pip or uv is set to look. Without a network use an offline bundle.</source>
        <translation>Prüfen Sie die Verbindung, {again} Wo PyTorchs eigener Index nicht erreichbar ist, ein Spiegel aber schon, gehen Sie zurück und lassen Sie PyTorch von dort kommen, wo Ihr pip oder uv laut Einstellung sucht. Ohne Netz nehmen Sie ein Offline-Bündel.</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>The package index was too slow.</source>
        <translation>Der Paketindex war zu langsam.</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>Wait for a better connection, {again} What was fetched completely is not fetched again.</source>
        <translation>Warten Sie auf eine bessere Verbindung, {again} Was vollständig geholt ist, wird nicht noch einmal geholt.</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>A downloaded file is damaged.</source>
        <translation>Eine heruntergeladene Datei ist beschädigt.</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>Press Try again. If it repeats, copy the bundle anew, or empty pip's cache ('pip cache purge'), {again}</source>
        <translation>Drücken Sie „Noch einmal versuchen“. Wiederholt es sich, kopieren Sie das Bündel noch einmal, oder leeren Sie den Zwischenspeicher von pip ('pip cache purge'), {again}</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>A package has no file for this Python and system.</source>
        <translation>Ein Paket hat keine Datei für dieses Python und System.</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>Choose another Python (3.12 has files for most systems) or another build of PyTorch; an own index or an offline bundle must hold it as well, {again}</source>
        <translation>Wählen Sie ein anderes Python (3.12 hat Dateien für die meisten Systeme) oder eine andere Ausgabe von PyTorch; ein eigener Index oder ein Offline-Bündel muss sie auch enthalten, {again}</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>Packages of the index contradict each other.</source>
        <translation>Pakete des Index widersprechen einander.</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>Take settings such as extra indexes out of your pip or uv configuration, {again}</source>
        <translation>Nehmen Sie Einstellungen wie zusätzliche Indexe aus Ihrer Konfiguration von pip oder uv, {again}</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>This Python cannot make environments.</source>
        <translation>Dieses Python kann keine Umgebungen anlegen.</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>Install its venv (Debian and Ubuntu: python3-venv) or choose another Python, {again}</source>
        <translation>Installieren Sie sein venv (Debian und Ubuntu: python3-venv), oder wählen Sie ein anderes Python, {again}</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>There is no suitable Python.</source>
        <translation>Es gibt kein passendes Python.</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>Install Python 3.12 (64 bits), {again}</source>
        <translation>Installieren Sie Python 3.12 (64 Bit), {again}</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>PyTorch was installed and does not load on this system.</source>
        <translation>PyTorch wurde installiert und lässt sich auf diesem System nicht laden.</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>Windows: install Microsoft's Visual C++ runtime (x64). Linux: the system may be too old for this PyTorch. Or choose the CPU build, {again}</source>
        <translation>Windows: Installieren Sie die Visual-C++-Laufzeit von Microsoft (x64). Linux: Das System ist vielleicht zu alt für dieses PyTorch. Oder wählen Sie die CPU-Ausgabe, {again}</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>The memory was full.</source>
        <translation>Der Arbeitsspeicher war voll.</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>Close other programs, {again}</source>
        <translation>Schließen Sie andere Programme, {again}</translation>
    </message>
    <message>
        <location filename="../install_problems.py"/>
        <source>Read the log below, {again} Copy report has all that a question for help needs.</source>
        <translation>Lesen Sie das Protokoll unten, {again} „Bericht kopieren“ enthält alles, was eine Frage nach Hilfe braucht.</translation>
    </message>
    <message>
        <location filename="../install_tools.py"/>
        <source>Python {oldest} to {newest}</source>
        <translation>Python {oldest} bis {newest}</translation>
    </message>
    <message>
        <location filename="../install_tools.py"/>
        <source>Python {version}, {bits} bits</source>
        <translation>Python {version}, {bits} Bit</translation>
    </message>
    <message>
        <location filename="../install_tools.py"/>
        <source>{program} is {what}; 64 bits and {span} are needed.</source>
        <translation>{program} ist {what}; nötig sind 64 Bit und {span}.</translation>
    </message>
    <message>
        <location filename="../install_tools.py"/>
        <source>an AMD GPU</source>
        <translation>eine AMD-GPU</translation>
    </message>
    <message>
        <location filename="../install_tools.py"/>
        <source>{program} is Python {version} and only lacks its venv. On Debian and Ubuntu install it with:
sudo apt install {package}</source>
        <translation>{program} ist Python {version}, ihm fehlt nur sein venv. Unter Debian und Ubuntu installieren Sie es mit:
sudo apt install {package}</translation>
    </message>
    <message>
        <location filename="../installer.py"/>
        <source>The disk has {free:.1f} GB of space left, and about {needed:.1f} GB are needed.</source>
        <translation>Die Festplatte hat noch {free:.1f} GB Platz, nötig sind etwa {needed:.1f} GB.</translation>
    </message>
    <message>
        <location filename="../installer.py"/>
        <source>Update the GPU's driver; or go Back and let PyTorch come from its own index, which has a build for each driver; or choose the CPU build, {again}</source>
        <translation>Aktualisieren Sie den Treiber der GPU; oder gehen Sie zurück und lassen Sie PyTorch von seinem eigenen Index kommen, der für jeden Treiber eine Ausgabe hat; oder wählen Sie die CPU-Ausgabe, {again}</translation>
    </message>
    <message>
        <location filename="../installer.py"/>
        <source>Wait until it is done, or close the other QGIS, then press Try again.</source>
        <translation>Warten Sie, bis es fertig ist, oder schließen Sie das andere QGIS, und drücken Sie dann „Noch einmal versuchen“.</translation>
    </message>
    <message>
        <location filename="../installer.py"/>
        <source>Choose another one, {again}</source>
        <translation>Wählen Sie ein anderes, {again}</translation>
    </message>
    <message>
        <location filename="../installer.py"/>
        <source>Choose another folder in the environment variable GEOPIX_HOME, restart QGIS, {again}</source>
        <translation>Wählen Sie in der Umgebungsvariable GEOPIX_HOME einen anderen Ordner und starten QGIS neu, {again}</translation>
    </message>
    <message>
        <location filename="../installer.py"/>
        <source>{title}: done before.</source>
        <translation>{title}: schon erledigt.</translation>
    </message>
    <message>
        <location filename="../installer.py"/>
        <source>It runs on {device} ({name}).</source>
        <translation>Es läuft auf {device} ({name}).</translation>
    </message>
    <message>
        <location filename="../installer.py"/>
        <source> (not in the log: {strerror})</source>
        <translation> (nicht im Protokoll: {strerror})</translation>
    </message>
    <message>
        <location filename="../installer.py"/>
        <source>Another QGIS is installing the model process.</source>
        <translation>Ein anderes QGIS installiert gerade den Modellprozess.</translation>
    </message>
    <message>
        <location filename="../installer.py"/>
        <source>{done:,.0f} of {total:,.0f} MB</source>
        <translation>{done:,.0f} von {total:,.0f} MB</translation>
    </message>
    <message>
        <location filename="../installer.py"/>
        <source>{program} did not start: {why}.</source>
        <translation>{program} ist nicht gestartet: {why}.</translation>
    </message>
    <message>
        <location filename="../layers.py"/>
        <source>The file of the layer {layer} is gone: {path}. Remove the layer, then ask again with Retry; a new one is made.</source>
        <translation>Die Datei des Layers {layer} ist weg: {path}. Entfernen Sie den Layer, und fragen Sie dann mit „wiederholen“ noch einmal; ein neuer wird angelegt.</translation>
    </message>
    <message>
        <location filename="../layers.py"/>
        <source>it may be read-only or its file is gone</source>
        <translation>er ist vielleicht schreibgeschützt, oder seine Datei ist weg</translation>
    </message>
    <message>
        <location filename="../layers.py"/>
        <source>another program is writing to its file; let it finish, then ask again with Retry</source>
        <translation>ein anderes Programm schreibt in seine Datei; lassen Sie es fertig werden, und fragen Sie dann mit „wiederholen“ noch einmal</translation>
    </message>
    <message>
        <location filename="../layers.py"/>
        <source>{polygons} could not be added to the layer {layer}: {why}.</source>
        <translation>{polygons} konnten nicht zum Layer {layer} hinzugefügt werden: {why}.</translation>
    </message>
    <message>
        <location filename="../layers.py"/>
        <source>The layer {layer} has unsaved edits. Save or discard them, then undo the turn.</source>
        <translation>Der Layer {layer} hat ungespeicherte Änderungen. Speichern oder verwerfen Sie sie, und machen Sie die Antwort dann rückgängig.</translation>
    </message>
    <message>
        <location filename="../layers.py"/>
        <source>The polygons of this turn cannot be taken out of {layer}. Is it read-only?</source>
        <translation>Die Polygone dieser Antwort können nicht aus {layer} genommen werden. Ist er schreibgeschützt?</translation>
    </message>
    <message>
        <location filename="../loopback.py"/>
        <source>nothing listens there; is 'geopix serve' running, and is the port right?</source>
        <translation>dort antwortet niemand; läuft 'geopix serve', und stimmt der Port?</translation>
    </message>
    <message>
        <location filename="../loopback.py"/>
        <source>its name is not known; check the address.</source>
        <translation>sein Name ist nicht bekannt; prüfen Sie die Adresse.</translation>
    </message>
    <message>
        <location filename="../loopback.py"/>
        <source>it did not answer in time; check the address, and firewalls on the way.</source>
        <translation>er hat nicht rechtzeitig geantwortet; prüfen Sie die Adresse und Firewalls auf dem Weg.</translation>
    </message>
    <message>
        <location filename="../loopback.py"/>
        <source>its certificate is not trusted, or it does not speak https. Add the certificate of its authority under Settings &gt; Options &gt; Authentication &gt; Manage Certificates.</source>
        <translation>seinem Zertifikat wird nicht vertraut, oder er spricht kein https. Fügen Sie das Zertifikat seiner Stelle unter Einstellungen &gt; Optionen &gt; Authentifizierung &gt; Zertifikate verwalten hinzu.</translation>
    </message>
    <message>
        <location filename="../loopback.py"/>
        <source>it closed the connection; does it speak https rather than http?</source>
        <translation>er hat die Verbindung geschlossen; spricht er https statt http?</translation>
    </message>
    <message>
        <location filename="../loopback.py"/>
        <source>The server {address} was not reached: {why}</source>
        <translation>Der Server {address} wurde nicht erreicht: {why}</translation>
    </message>
    <message>
        <location filename="../map_tiles.py"/>
        <source>{what} did not arrive ({names}).</source>
        <translation>{what}: nicht angekommen ({names}).</translation>
    </message>
    <message>
        <location filename="../map_tiles.py"/>
        <source>{count:,} pieces of the map</source>
        <translation>{count:,} Teile der Karte</translation>
    </message>
    <message>
        <location filename="../map_tiles.py"/>
        <source>A piece of the map</source>
        <translation>Ein Teil der Karte</translation>
    </message>
    <message>
        <location filename="../map_tiles.py"/>
        <source>not an image</source>
        <translation>kein Bild</translation>
    </message>
    <message>
        <location filename="../model_choice.py"/>
        <source>Another process fetches it...</source>
        <translation>Ein anderer Prozess holt es …</translation>
    </message>
    <message>
        <location filename="../model_choice.py"/>
        <source>Asking the hub what there is...</source>
        <translation>Beim Hub wird gefragt, was es gibt …</translation>
    </message>
    <message>
        <location filename="../model_choice.py"/>
        <source>{stage}: {done_bytes:.1f} of {total_bytes:.1f} GB</source>
        <translation>{stage}: {done_bytes:.1f} von {total_bytes:.1f} GB</translation>
    </message>
    <message>
        <location filename="../outlines.py"/>
        <source>The area has {corners:,} corners. Choose polygons with at most {max_corners:,}.</source>
        <translation>Das Gebiet hat {corners:,} Ecken. Wählen Sie Polygone mit höchstens {max_corners:,}.</translation>
    </message>
    <message>
        <location filename="../outlines.py"/>
        <source>The area crosses a pole or the 180th meridian of the raster's CRS. Choose a smaller one.</source>
        <translation>Das Gebiet überquert einen Pol oder den 180. Längengrad des Raster-KBS. Wählen Sie ein kleineres.</translation>
    </message>
    <message>
        <location filename="../outlines.py"/>
        <source>The area reaches beyond the area of the raster's CRS. Choose a smaller one.</source>
        <translation>Das Gebiet reicht über den Bereich des Raster-KBS hinaus. Wählen Sie ein kleineres.</translation>
    </message>
    <message>
        <location filename="../pixels.py"/>
        <source>The raster was not read.</source>
        <translation>Das Raster wurde nicht gelesen.</translation>
    </message>
    <message>
        <location filename="../plugin.py"/>
        <location filename="../processing/ask.py"/>
        <source>Ask about a raster</source>
        <translation>Nach einem Raster fragen</translation>
    </message>
    <message>
        <location filename="../plugin.py"/>
        <source>GeoPix: chat about a raster and get polygons</source>
        <translation>GeoPix: über ein Raster sprechen und Polygone bekommen</translation>
    </message>
    <message>
        <location filename="../plugin.py"/>
        <source>GeoPix: type a question</source>
        <translation>GeoPix: eine Frage eingeben</translation>
    </message>
    <message>
        <location filename="../process_home.py"/>
        <source>The folder {home} cannot be written to: {strerror}.</source>
        <translation>In den Ordner {home} kann nicht geschrieben werden: {strerror}.</translation>
    </message>
    <message>
        <location filename="../processing/algorithm.py"/>
        <source>Extent (empty: all of the raster)</source>
        <translation>Ausdehnung (leer: das ganze Raster)</translation>
    </message>
    <message>
        <location filename="../processing/algorithm.py"/>
        <source>Metres per pixel of a layer that QGIS renders (WMS, XYZ)</source>
        <translation>Meter je Pixel eines Layers, den QGIS zeichnet (WMS, XYZ)</translation>
    </message>
    <message>
        <location filename="../processing/algorithm.py"/>
        <source>Least area of a polygon in m² (0: any)</source>
        <translation>Mindestfläche eines Polygons in m² (0: beliebig)</translation>
    </message>
    <message>
        <location filename="../processing/algorithm.py"/>
        <source>Prompt</source>
        <translation>Eingabe (auf Englisch)</translation>
    </message>
    <message>
        <location filename="../processing/algorithm.py"/>
        <source>Model (empty: as in the options)</source>
        <translation>Modell (leer: wie in den Optionen)</translation>
    </message>
    <message>
        <location filename="../processing/ask.py"/>
        <source>Answers a question about a raster, such as 'How many airplanes are there?' or 'Describe this image'. The answer is written to the log and is an output of the algorithm, for a model of the modeler to go on with; counts and areas in it are computed from the polygons.

The polygons that the answer talks about are written where an output for them is chosen.

Task: auto leaves it to the words of the question; segment wants outlines, refer rectangles, caption a description, vqa a short answer.</source>
        <translation>Beantwortet eine Frage zu einem Raster, zum Beispiel 'How many airplanes are there?' oder 'Describe this image'. Die Antwort steht im Protokoll und ist eine Ausgabe des Algorithmus, mit der ein Modell der Modellierung weiterarbeiten kann; Anzahlen und Flächen darin sind aus den Polygonen berechnet.

Die Polygone, von denen die Antwort spricht, werden geschrieben, wo eine Ausgabe für sie gewählt ist.

Aufgabe: auto richtet sich nach den Worten der Frage; segment wünscht Umrisse, refer Rechtecke, caption eine Beschreibung, vqa eine kurze Antwort.</translation>
    </message>
    <message>
        <location filename="../processing/ask.py"/>
        <location filename="../processing/batch_segment.py"/>
        <location filename="../processing/segment.py"/>
        <source>Polygons</source>
        <translation>Polygone</translation>
    </message>
    <message>
        <location filename="../processing/ask.py"/>
        <source>question,answer,describe,caption,count,vision-language model,imagery</source>
        <translation>Frage,Antwort,beschreiben,zählen,Bild,Luftbild,question,caption</translation>
    </message>
    <message>
        <location filename="../processing/ask.py"/>
        <source>Task</source>
        <translation>Aufgabe</translation>
    </message>
    <message>
        <location filename="../processing/batch_segment.py"/>
        <source>Segment many areas of a raster by one prompt</source>
        <translation>Viele Gebiete eines Rasters mit einer Eingabe segmentieren</translation>
    </message>
    <message>
        <location filename="../processing/batch_segment.py"/>
        <source>Asks the same prompt about each polygon of a layer, such as parcels, or the cells of a grid made with 'Create grid'.

All polygons come into one output; its field 'area' names the area in which each was found. The table has a row for each area: polygons, their geodesic area, the class that covers most, the answer in words, and the problem where there was one. An area that cannot be asked about, such as one beside the raster, does not end the run.

An object that lies across the border of two areas is found in both, cut at the border.</source>
        <translation>Stellt dieselbe Frage zu jedem Polygon eines Layers, etwa zu Flurstücken oder zu den Zellen eines Gitters aus „Gitter erzeugen“.

Alle Polygone kommen in eine Ausgabe; ihr Feld 'area' nennt das Gebiet, in dem jedes gefunden wurde. Die Tabelle hat eine Zeile je Gebiet: Polygone, ihre geodätische Fläche, die Klasse, die am meisten bedeckt, die Antwort in Worten und das Problem, wo es eines gab. Ein Gebiet, nach dem nicht gefragt werden kann, etwa eines neben dem Raster, beendet den Lauf nicht.

Ein Objekt auf der Grenze zweier Gebiete wird in beiden gefunden, an der Grenze geschnitten.</translation>
    </message>
    <message>
        <location filename="../processing/batch_segment.py"/>
        <source>Field that names an area (empty: its number)</source>
        <translation>Feld, das ein Gebiet benennt (leer: seine Nummer)</translation>
    </message>
    <message>
        <location filename="../processing/batch_segment.py"/>
        <source>{count} polygons in {areas} areas</source>
        <translation>{count} Polygone in {areas} Gebieten</translation>
    </message>
    <message>
        <location filename="../processing/batch_segment.py"/>
        <source>segmentation,batch,grid,tiles,polygons,deep learning,imagery</source>
        <translation>Segmentierung,Stapel,Gitter,Kacheln,Polygone,Luftbild,segmentation,batch</translation>
    </message>
    <message>
        <location filename="../processing/batch_segment.py"/>
        <source>Areas (a polygon layer or a grid)</source>
        <translation>Gebiete (ein Polygonlayer oder ein Gitter)</translation>
    </message>
    <message>
        <location filename="../processing/batch_segment.py"/>
        <source>Table of areas</source>
        <translation>Tabelle der Gebiete</translation>
    </message>
    <message>
        <location filename="../processing/batch_segment.py"/>
        <location filename="../processing/segment.py"/>
        <source>Number of polygons</source>
        <translation>Anzahl der Polygone</translation>
    </message>
    <message>
        <location filename="../processing/batch_segment.py"/>
        <source>Number of areas with a problem</source>
        <translation>Anzahl der Gebiete mit einem Problem</translation>
    </message>
    <message>
        <location filename="../processing/batch_segment.py"/>
        <source>Area {name} ({number} of {count})</source>
        <translation>Gebiet {name} ({number} von {count})</translation>
    </message>
    <message>
        <location filename="../processing/segment.py"/>
        <source>Segment a raster by a prompt</source>
        <translation>Ein Raster mit einer Eingabe segmentieren</translation>
    </message>
    <message>
        <location filename="../processing/segment.py"/>
        <source>Finds what the prompt names, such as 'the buildings' or 'airplanes and vehicles', and writes its outlines as polygons with phrase, class, score, geodesic area and perimeter.

The extent limits what is looked at; without one it is all of the raster. A file is read on its own pixel grid; layers that only QGIS can read (WMS, XYZ, memory) are rendered with the given metres per pixel.

The model runs on this machine, in the process of the GeoPix dock or, where none runs, in one of its own that ends with the algorithm. Where the dock uses a server, the pixels are sent there; the log says so.</source>
        <translation>Findet, was die Eingabe nennt, zum Beispiel 'the buildings' oder 'airplanes and vehicles', und schreibt die Umrisse als Polygone mit Wortlaut, Klasse, Konfidenz, geodätischer Fläche und Umfang.

Die Ausdehnung begrenzt, was betrachtet wird; ohne sie ist es das ganze Raster. Eine Datei wird auf ihrem eigenen Pixelgitter gelesen; Layer, die nur QGIS lesen kann (WMS, XYZ, Speicher), werden mit den angegebenen Metern je Pixel gezeichnet.

Das Modell läuft auf diesem Rechner, im Prozess des GeoPix-Bedienfelds oder, wo keiner läuft, in einem eigenen, der mit dem Algorithmus endet. Wo das Bedienfeld einen Server benutzt, werden die Pixel dorthin gesendet; das Protokoll sagt es.</translation>
    </message>
    <message>
        <location filename="../processing/segment.py"/>
        <source>{count} polygons, {area} m²</source>
        <translation>{count} Polygone, {area} m²</translation>
    </message>
    <message>
        <location filename="../processing/segment.py"/>
        <source>segmentation,detect,extract,polygons,deep learning,prompt,imagery</source>
        <translation>Segmentierung,finden,Umrisse,Polygone,Luftbild,segmentation,detect</translation>
    </message>
    <message>
        <location filename="../processing/segment.py"/>
        <source>Answer</source>
        <translation>Antwort</translation>
    </message>
    <message>
        <location filename="../processing/segment.py"/>
        <source>Area of all polygons in m²</source>
        <translation>Fläche aller Polygone in m²</translation>
    </message>
    <message>
        <location filename="../processing/segment.py"/>
        <source>{columns} x {rows} pixels of {name}</source>
        <translation>{columns} x {rows} Pixel von {name}</translation>
    </message>
    <message>
        <location filename="../processing/session.py"/>
        <source>The model process broke off its answer. Run it again; if it repeats, choose a smaller area.</source>
        <translation>Der Modellprozess hat seine Antwort abgebrochen. Starten Sie noch einmal; wiederholt es sich, wählen Sie ein kleineres Gebiet.</translation>
    </message>
    <message>
        <location filename="../processing/session.py"/>
        <source>Questions and their pixels go to {url}.</source>
        <translation>Fragen und ihre Pixel gehen an {url}.</translation>
    </message>
    <message>
        <location filename="../processing/session.py"/>
        <source>Starting the model process...</source>
        <translation>Der Modellprozess wird gestartet …</translation>
    </message>
    <message>
        <location filename="../raster.py"/>
        <source>The view does not touch the raster. Zoom to the layer, or choose Whole layer.</source>
        <translation>Der Ausschnitt berührt das Raster nicht. Zoomen Sie auf den Layer, oder wählen Sie „Ganzer Layer“.</translation>
    </message>
    <message>
        <location filename="../raster.py"/>
        <source>The box does not touch the raster. Draw one on the raster.</source>
        <translation>Das Rechteck berührt das Raster nicht. Zeichnen Sie eines auf dem Raster.</translation>
    </message>
    <message>
        <location filename="../raster.py"/>
        <source>The selected polygons do not touch the raster. Select some that lie on it.</source>
        <translation>Die ausgewählten Polygone berühren das Raster nicht. Wählen Sie welche aus, die darauf liegen.</translation>
    </message>
    <message>
        <location filename="../raster.py"/>
        <source>The tile does not touch the raster. Choose the address of one that does.</source>
        <translation>Die Kachel berührt das Raster nicht. Wählen Sie die Adresse einer Kachel, die es berührt.</translation>
    </message>
    <message>
        <location filename="../raster.py"/>
        <source>Add a raster layer to ask about it.</source>
        <translation>Fügen Sie einen Rasterlayer hinzu, um nach ihm zu fragen.</translation>
    </message>
    <message>
        <location filename="../raster.py"/>
        <source>The layer {layer} is broken: its source cannot be read. Repair its data source first.</source>
        <translation>Der Layer {layer} ist kaputt: Seine Quelle kann nicht gelesen werden. Reparieren Sie zuerst seine Datenquelle.</translation>
    </message>
    <message>
        <location filename="../raster.py"/>
        <source>The file of the layer {layer} is gone: {path}. Put it back, or repair its source.</source>
        <translation>Die Datei des Layers {layer} ist weg: {path}. Legen Sie sie zurück, oder reparieren Sie seine Quelle.</translation>
    </message>
    <message>
        <location filename="../raster.py"/>
        <source>The raster has no CRS, so no place on earth is found in it. Set its CRS, or draw a box.</source>
        <translation>Das Raster hat kein KBS, also ist darin kein Ort auf der Erde zu finden. Setzen Sie sein KBS, oder zeichnen Sie ein Rechteck.</translation>
    </message>
    <message>
        <location filename="../raster_grid.py"/>
        <source>The geotransform {forward} gives pixels no area. Repair the raster's georeference first.</source>
        <translation>Mit der Georeferenz {forward} haben die Pixel keine Fläche. Reparieren Sie zuerst die Georeferenz des Rasters.</translation>
    </message>
    <message>
        <location filename="../raster_grid.py"/>
        <source>The area cannot be found on the raster. Zoom in on the raster.</source>
        <translation>Das Gebiet ist auf dem Raster nicht zu finden. Zoomen Sie auf das Raster.</translation>
    </message>
    <message>
        <location filename="../raster_grid.py"/>
        <source>The area does not touch the raster. Zoom to the layer, or choose Whole layer.</source>
        <translation>Das Gebiet berührt das Raster nicht. Zoomen Sie auf den Layer, oder wählen Sie „Ganzer Layer“.</translation>
    </message>
    <message>
        <location filename="../regions.py"/>
        <source>The model process sent a geometry of type {kind!r}, expected a Polygon.</source>
        <translation>Der Modellprozess hat eine Geometrie vom Typ {kind!r} gesendet, erwartet war ein Polygon.</translation>
    </message>
    <message>
        <location filename="../rendering.py"/>
        <source>This area has {width:,} x {height:,} pixels, at most {max_side_px:,} on a side are rendered. Zoom in, or choose a coarser resolution.</source>
        <translation>Dieses Gebiet hat {width:,} x {height:,} Pixel, höchstens {max_side_px:,} je Seite werden gezeichnet. Zoomen Sie hinein, oder wählen Sie eine gröbere Auflösung.</translation>
    </message>
    <message>
        <location filename="../rendering.py"/>
        <source>The layer was removed before it was rendered.</source>
        <translation>Der Layer wurde entfernt, bevor er gezeichnet war.</translation>
    </message>
    <message>
        <location filename="../rendering.py"/>
        <source>The view reaches beyond the area of the map's CRS. Zoom in on the raster.</source>
        <translation>Der Ausschnitt reicht über den Bereich des Karten-KBS hinaus. Zoomen Sie auf das Raster.</translation>
    </message>
    <message>
        <location filename="../rendering.py"/>
        <source>{problem} Trying once more...</source>
        <translation>{problem} Es wird noch einmal versucht …</translation>
    </message>
    <message>
        <location filename="../rendering.py"/>
        <source>The layer shows nothing in this area at this scale.{why} Choose another area, or zoom.</source>
        <translation>Der Layer zeigt in diesem Gebiet bei diesem Maßstab nichts.{why} Wählen Sie ein anderes Gebiet, oder zoomen Sie.</translation>
    </message>
    <message>
        <location filename="../rendering.py"/>
        <source>{missing} of the layer's map tiles do not exist; these places are left out.</source>
        <translation>{missing} der Kacheln des Layers gibt es nicht; diese Stellen bleiben leer.</translation>
    </message>
    <message>
        <location filename="../rendering.py"/>
        <source>The layer {layer} has no pixels of its own. Zoom in and choose View.</source>
        <translation>Der Layer {layer} hat keine eigenen Pixel. Zoomen Sie hinein, und wählen Sie „Ausschnitt“.</translation>
    </message>
    <message>
        <location filename="../rendering.py"/>
        <source>QGIS made no image.</source>
        <translation>QGIS hat kein Bild erzeugt.</translation>
    </message>
    <message>
        <location filename="../rendering.py"/>
        <source>The layer was not rendered completely: {why} Ask again later, or about another area.</source>
        <translation>Der Layer wurde nicht vollständig gezeichnet: {why} Fragen Sie später noch einmal oder nach einem anderen Gebiet.</translation>
    </message>
    <message>
        <location filename="../rendering.py"/>
        <source>Its server has no map tiles here ({missing}).</source>
        <translation>Der Server hat hier keine Kacheln ({missing}).</translation>
    </message>
    <message>
        <location filename="../reshaping.py"/>
        <source>Shape {polygons}</source>
        <translation>Formen: {polygons}</translation>
    </message>
    <message>
        <location filename="../reshaping.py"/>
        <source>Reset {polygons}</source>
        <translation>Zurücksetzen: {polygons}</translation>
    </message>
    <message>
        <location filename="../review.py"/>
        <source>Restore</source>
        <translation>Zurückholen</translation>
    </message>
    <message>
        <location filename="../review.py"/>
        <source>Delete {polygons}</source>
        <translation>Löschen: {polygons}</translation>
    </message>
    <message>
        <location filename="../review.py"/>
        <source>Merge {polygons}</source>
        <translation>Vereinigen: {polygons}</translation>
    </message>
    <message>
        <location filename="../review.py"/>
        <source>{verb} {polygons}</source>
        <translation>{verb}: {polygons}</translation>
    </message>
    <message>
        <location filename="../review.py"/>
        <source>Merging needs two polygons or more, {count} selected. Select them with Shift.</source>
        <translation>Zum Vereinigen braucht es mindestens zwei Polygone, ausgewählt: {count}. Wählen Sie sie mit der Umschalttaste aus.</translation>
    </message>
    <message>
        <location filename="../review.py"/>
        <source>These polygons are of several classes ({names}). Select polygons of one class.</source>
        <translation>Diese Polygone gehören zu mehreren Klassen ({names}). Wählen Sie Polygone einer Klasse aus.</translation>
    </message>
    <message>
        <location filename="../review.py"/>
        <source>These polygons cannot be united. Repair their geometry (Vector &gt; Geometry Tools) first.</source>
        <translation>Diese Polygone lassen sich nicht vereinigen. Reparieren Sie zuerst ihre Geometrie (Vektor &gt; Geometrie-Werkzeuge).</translation>
    </message>
    <message>
        <location filename="../review.py"/>
        <source>No polygons are chosen. Select some on the map first.</source>
        <translation>Es sind keine Polygone gewählt. Wählen Sie zuerst einige auf der Karte aus.</translation>
    </message>
    <message>
        <location filename="../review.py"/>
        <source>{layer} has no field "review". Use a layer that GeoPix has made.</source>
        <translation>{layer} hat kein Feld „review“. Benutzen Sie einen Layer, den GeoPix angelegt hat.</translation>
    </message>
    <message>
        <location filename="../shaping.py"/>
        <source>agreement below {min_agreement:.2f}</source>
        <translation>Übereinstimmung unter {min_agreement:.2f}</translation>
    </message>
    <message>
        <location filename="../shaping.py"/>
        <source>the outline would cross itself</source>
        <translation>der Umriss würde sich selbst kreuzen</translation>
    </message>
    <message>
        <location filename="../shaping.py"/>
        <source>it would overlap its neighbour</source>
        <translation>es würde seinen Nachbarn überlappen</translation>
    </message>
    <message>
        <location filename="../shaping.py"/>
        <source>agreement with the mask {floor:.2f}, below {min_agreement:.2f}</source>
        <translation>Übereinstimmung mit der Maske {floor:.2f}, unter {min_agreement:.2f}</translation>
    </message>
    <message>
        <location filename="../storage.py"/>
        <source>The layer {name} could not be made in {path}. Choose another place.</source>
        <translation>Der Layer {name} konnte nicht angelegt werden in: {path}. Wählen Sie einen anderen Ort.</translation>
    </message>
    <message>
        <location filename="../storage.py"/>
        <source>{file} is no name of a GeoPackage. Choose one that ends with .gpkg.</source>
        <translation>{file} ist kein Name eines GeoPackage. Wählen Sie einen, der auf .gpkg endet.</translation>
    </message>
    <message>
        <location filename="../storage.py"/>
        <source>{log} is left of another GeoPackage and would damage a new one. Move it, or choose a new name.</source>
        <translation>{log} ist von einem anderen GeoPackage übrig und würde ein neues beschädigen. Verschieben Sie die Datei, oder wählen Sie einen neuen Namen.</translation>
    </message>
    <message>
        <location filename="../storage.py"/>
        <source>{path} is damaged, no GeoPackage, or cannot be written to. It was left as it is; choose another file.</source>
        <translation>{path} ist beschädigt, kein GeoPackage oder nicht beschreibbar. Die Datei blieb, wie sie ist; wählen Sie eine andere.</translation>
    </message>
    <message>
        <location filename="../storage.py"/>
        <source>The layer {layer} is being edited. Save or discard the edits first.</source>
        <translation>Der Layer {layer} wird gerade bearbeitet. Speichern oder verwerfen Sie zuerst die Änderungen.</translation>
    </message>
    <message>
        <location filename="../storage.py"/>
        <source>{file} was written but could not be read again. The layers are as before.</source>
        <translation>{file} wurde geschrieben, konnte aber nicht wieder gelesen werden. Die Layer sind wie zuvor.</translation>
    </message>
    <message>
        <location filename="../storage.py"/>
        <source>{file} could not be written: {message}</source>
        <translation>{file} konnte nicht geschrieben werden: {message}</translation>
    </message>
    <message>
        <location filename="../storage.py"/>
        <location filename="../whole_file.py"/>
        <source>{path} cannot be written: {strerror}. Choose another folder.</source>
        <translation>{path} kann nicht geschrieben werden: {strerror}. Wählen Sie einen anderen Ordner.</translation>
    </message>
    <message>
        <location filename="../storage.py"/>
        <source>memory</source>
        <translation>Arbeitsspeicher</translation>
    </message>
    <message>
        <location filename="../turn_book.py"/>
        <source>New place: the model answers this without the questions before.</source>
        <translation>Neuer Ort: Das Modell beantwortet dies ohne die Fragen davor.</translation>
    </message>
    <message>
        <location filename="../turn_book.py"/>
        <source>These polygons cannot be brought back: their layer was removed, or the project was opened anew. Ask again with Retry.</source>
        <translation>Diese Polygone können nicht zurückgeholt werden: Ihr Layer wurde entfernt, oder das Projekt wurde neu geöffnet. Fragen Sie mit „wiederholen“ noch einmal.</translation>
    </message>
    <message>
        <location filename="../turns.py"/>
        <source>Polygons of earlier answers were in memory only and were not saved with this project. Retry asks again; to keep them, choose GeoPackage under Settings &gt; Options &gt; GeoPix.</source>
        <translation>Polygone früherer Antworten waren nur im Arbeitsspeicher und wurden nicht mit diesem Projekt gespeichert. „wiederholen“ fragt noch einmal; um sie zu behalten, wählen Sie GeoPackage unter Einstellungen &gt; Optionen &gt; GeoPix.</translation>
    </message>
    <message>
        <location filename="../undo.py"/>
        <source>{count} polygons of {layer} are no longer there. Select them again.</source>
        <translation>{count} Polygone von {layer} sind nicht mehr da. Wählen Sie sie noch einmal aus.</translation>
    </message>
    <message>
        <location filename="../undo.py"/>
        <source>it is read only</source>
        <translation>er ist schreibgeschützt</translation>
    </message>
    <message>
        <location filename="../undo.py"/>
        <source>{layer} could not be changed: {reason}. Save it under another name and use that.</source>
        <translation>{layer} konnte nicht geändert werden: {reason}. Speichern Sie ihn unter einem anderen Namen, und benutzen Sie diesen.</translation>
    </message>
    <message>
        <location filename="../undo.py"/>
        <source>{layer} refused the change. Save its edits and try again.</source>
        <translation>{layer} hat die Änderung abgelehnt. Speichern Sie seine Änderungen, und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <location filename="../undo.py"/>
        <source>"{name}" cannot be undone: its layer was removed from the project.</source>
        <translation>„{name}“ kann nicht rückgängig gemacht werden: Der Layer wurde aus dem Projekt entfernt.</translation>
    </message>
    <message>
        <location filename="../undo.py"/>
        <source>"{name}" cannot be undone while {layer} is edited. Save or cancel its edits first.</source>
        <translation>„{name}“ kann nicht rückgängig gemacht werden, solange {layer} bearbeitet wird. Speichern oder verwerfen Sie zuerst die Änderungen.</translation>
    </message>
    <message>
        <location filename="../undo.py"/>
        <source>There is nothing to undo.</source>
        <translation>Es gibt nichts rückgängig zu machen.</translation>
    </message>
    <message>
        <location filename="../undo.py"/>
        <source>"{name}" is part of older edits of {layer}. Use Undo in the Edit menu of QGIS.</source>
        <translation>„{name}“ gehört zu älteren Änderungen an {layer}. Benutzen Sie „Rückgängig“ im Menü „Bearbeiten“ von QGIS.</translation>
    </message>
    <message>
        <location filename="../wording.py"/>
        <source>{seconds:.1f} h</source>
        <translation>{seconds:.1f} h</translation>
    </message>
    <message>
        <location filename="../wording.py"/>
        <source>1 window</source>
        <translation>1 Fenster</translation>
    </message>
    <message>
        <location filename="../wording.py"/>
        <source>{count:,} windows</source>
        <translation>{count:,} Fenster</translation>
    </message>
    <message>
        <location filename="../wording.py"/>
        <source>1 polygon</source>
        <translation>1 Polygon</translation>
    </message>
    <message>
        <location filename="../wording.py"/>
        <source>{count:,} polygons</source>
        <translation>{count:,} Polygone</translation>
    </message>
    <message>
        <location filename="../wording.py"/>
        <source>{area:,.0f} units²</source>
        <translation>{area:,.0f} Einheiten²</translation>
    </message>
    <message>
        <location filename="../wording.py"/>
        <source>{area:.1f} m²</source>
        <translation>{area:.1f} m²</translation>
    </message>
    <message>
        <location filename="../wording.py"/>
        <source>{area:,.0f} m²</source>
        <translation>{area:,.0f} m²</translation>
    </message>
    <message>
        <location filename="../wording.py"/>
        <source>{area:,.1f} ha</source>
        <translation>{area:,.1f} ha</translation>
    </message>
    <message>
        <location filename="../wording.py"/>
        <source>{area:,.1f} km²</source>
        <translation>{area:,.1f} km²</translation>
    </message>
    <message>
        <location filename="../wording.py"/>
        <source>{seconds} s</source>
        <translation>{seconds} s</translation>
    </message>
    <message>
        <location filename="../wording.py"/>
        <source>{seconds:.0f} min</source>
        <translation>{seconds:.0f} min</translation>
    </message>
</context>
</TS>
