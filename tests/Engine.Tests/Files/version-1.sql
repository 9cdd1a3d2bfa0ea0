-- A file of schema version 1, as the engine left it when it was killed: MigrationTests lets what it holds run on.
PRAGMA application_id = 1397511493;
BEGIN TRANSACTION;
CREATE TABLE activities (
    instance INTEGER NOT NULL, task INTEGER NOT NULL, name TEXT NOT NULL, input TEXT,
    PRIMARY KEY (instance, task)) WITHOUT ROWID;
INSERT INTO "activities" VALUES(7,0,'append','"é-works"');
CREATE TABLE history (position INTEGER PRIMARY KEY, events TEXT NOT NULL);
INSERT INTO "history" VALUES(16777216,'[{"type":"OrchestratorStarted","timestamp":"2027-01-01T00:00:00Z"},{"type":"ExecutionStarted","name":"steps","input":"\"é-ended\"","version":"","tags":{"made by":"version 1","id":"ended"},"timestamp":"2027-01-01T00:00:00Z"},{"type":"TaskScheduled","name":"append","input":"\"é-ended\"","eventId":0,"timestamp":"2027-01-01T00:00:00Z"},{"type":"OrchestratorCompleted","timestamp":"2027-01-01T00:00:00Z"}]');
INSERT INTO "history" VALUES(16777217,'[{"type":"OrchestratorStarted","timestamp":"2027-01-01T00:00:00Z"},{"type":"TaskCompleted","result":"\"é-ended.\"","taskId":0,"timestamp":"2027-01-01T00:00:00Z"},{"type":"TimerCreated","fireAt":"2027-01-01T01:00:00Z","eventId":1,"timestamp":"2027-01-01T00:00:00Z"},{"type":"OrchestratorCompleted","timestamp":"2027-01-01T00:00:00Z"}]');
INSERT INTO "history" VALUES(16777218,'[{"type":"OrchestratorStarted","timestamp":"2027-01-01T01:00:00Z"},{"type":"TimerFired","fireAt":"2027-01-01T01:00:00Z","taskId":1,"timestamp":"2027-01-01T01:00:00Z"},{"type":"TaskScheduled","name":"append","input":"\"é-ended.\"","eventId":2,"timestamp":"2027-01-01T01:00:00Z"},{"type":"OrchestratorCompleted","timestamp":"2027-01-01T01:00:00Z"}]');
INSERT INTO "history" VALUES(16777219,'[{"type":"OrchestratorStarted","timestamp":"2027-01-01T01:00:00Z"},{"type":"TaskCompleted","result":"\"é-ended..\"","taskId":2,"timestamp":"2027-01-01T01:00:00Z"},{"type":"ExecutionCompleted","result":"\"é-ended..\"","eventId":3,"timestamp":"2027-01-01T01:00:00Z"},{"type":"OrchestratorCompleted","timestamp":"2027-01-01T01:00:00Z"}]');
INSERT INTO "history" VALUES(33554432,'[{"type":"OrchestratorStarted","timestamp":"2027-01-01T01:00:00Z"},{"type":"ExecutionStarted","name":"letters","input":"\"é-listens\"","version":"","tags":{"made by":"version 1","id":"listens"},"timestamp":"2027-01-01T01:00:00Z"},{"type":"OrchestratorCompleted","timestamp":"2027-01-01T01:00:00Z"}]');
INSERT INTO "history" VALUES(33554433,'[{"type":"OrchestratorStarted","timestamp":"2027-01-01T01:00:00Z"},{"type":"EventRaised","name":"letter","input":"\"one\"","timestamp":"2027-01-01T01:00:00Z"},{"type":"OrchestratorCompleted","timestamp":"2027-01-01T01:00:00Z"}]');
INSERT INTO "history" VALUES(50331648,'[{"type":"OrchestratorStarted","timestamp":"2027-01-01T01:00:00Z"},{"type":"ExecutionStarted","name":"letters","input":"\"é-suspended\"","version":"","tags":{"made by":"version 1","id":"suspended"},"timestamp":"2027-01-01T01:00:00Z"},{"type":"OrchestratorCompleted","timestamp":"2027-01-01T01:00:00Z"}]');
INSERT INTO "history" VALUES(50331649,'[{"type":"OrchestratorStarted","timestamp":"2027-01-01T01:00:00Z"},{"type":"ExecutionSuspended","reason":"lunch","timestamp":"2027-01-01T01:00:00Z"},{"type":"OrchestratorCompleted","timestamp":"2027-01-01T01:00:00Z"}]');
INSERT INTO "history" VALUES(67108864,'[{"type":"OrchestratorStarted","timestamp":"2027-01-01T01:00:00Z"},{"type":"ExecutionStarted","name":"parent","input":"\"é-parent\"","version":"","tags":{"made by":"version 1","id":"parent"},"timestamp":"2027-01-01T01:00:00Z"},{"type":"SubOrchestrationInstanceCreated","name":"steps","instanceId":"6b16a871e0125d16ae49198929e89185","version":"","input":"\"é-parent\"","eventId":0,"timestamp":"2027-01-01T01:00:00Z"},{"type":"OrchestratorCompleted","timestamp":"2027-01-01T01:00:00Z"}]');
INSERT INTO "history" VALUES(100663296,'[{"type":"OrchestratorStarted","timestamp":"2027-01-01T01:00:00Z"},{"type":"ExecutionStarted","name":"steps","input":"\"é-parent\"","version":"","parent":{"name":"parent","instanceId":"parent"},"tags":{},"timestamp":"2027-01-01T01:00:00Z"},{"type":"TaskScheduled","name":"append","input":"\"é-parent\"","eventId":0,"timestamp":"2027-01-01T01:00:00Z"},{"type":"OrchestratorCompleted","timestamp":"2027-01-01T01:00:00Z"}]');
INSERT INTO "history" VALUES(100663297,'[{"type":"OrchestratorStarted","timestamp":"2027-01-01T01:00:00Z"},{"type":"TaskCompleted","result":"\"é-parent.\"","taskId":0,"timestamp":"2027-01-01T01:00:00Z"},{"type":"TimerCreated","fireAt":"2027-01-01T02:00:00Z","eventId":1,"timestamp":"2027-01-01T01:00:00Z"},{"type":"OrchestratorCompleted","timestamp":"2027-01-01T01:00:00Z"}]');
INSERT INTO "history" VALUES(117440512,'[{"type":"OrchestratorStarted","timestamp":"2027-01-01T01:00:00Z"},{"type":"ExecutionStarted","name":"steps","input":"\"é-works\"","version":"","tags":{"made by":"version 1","id":"works"},"timestamp":"2027-01-01T01:00:00Z"},{"type":"TaskScheduled","name":"append","input":"\"é-works\"","eventId":0,"timestamp":"2027-01-01T01:00:00Z"},{"type":"OrchestratorCompleted","timestamp":"2027-01-01T01:00:00Z"}]');
CREATE TABLE inbox (number INTEGER PRIMARY KEY, instance INTEGER NOT NULL, event TEXT NOT NULL);
INSERT INTO "inbox" VALUES(2,5,'{"type":"EventRaised","name":"letter","input":"\"early\"","timestamp":"2027-01-01T01:00:00Z"}');
INSERT INTO "inbox" VALUES(4,3,'{"type":"EventRaised","name":"letter","input":"\"kept\"","timestamp":"2027-01-01T01:00:00Z"}');
CREATE TABLE instances (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    status INTEGER NOT NULL,
    execution INTEGER NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    input TEXT,
    output TEXT,
    custom_status TEXT,
    failure TEXT,
    tags TEXT,
    parent_key INTEGER,
    parent_task INTEGER,
    parent_name TEXT,
    parent_id TEXT);
INSERT INTO "instances" VALUES(1,'ended','steps','',1,0,1798761600000,1798765200000,'"é-ended"','"é-ended.."','"stepping"',NULL,'{"made by":"version 1","id":"ended"}',NULL,NULL,NULL,NULL);
INSERT INTO "instances" VALUES(2,'listens','letters','',0,0,1798765200000,1798765200000,'"é-listens"',NULL,NULL,NULL,'{"made by":"version 1","id":"listens"}',NULL,NULL,NULL,NULL);
INSERT INTO "instances" VALUES(3,'suspended','letters','',7,0,1798765200000,1798765200000,'"é-suspended"',NULL,NULL,NULL,'{"made by":"version 1","id":"suspended"}',NULL,NULL,NULL,NULL);
INSERT INTO "instances" VALUES(4,'parent','parent','',0,0,1798765200000,1798765200000,'"é-parent"',NULL,NULL,NULL,'{"made by":"version 1","id":"parent"}',NULL,NULL,NULL,NULL);
INSERT INTO "instances" VALUES(5,'scheduled','letters','',6,0,1798765200000,1798765200000,'"é-scheduled"',NULL,NULL,NULL,'{"made by":"version 1","id":"scheduled"}',NULL,NULL,NULL,NULL);
INSERT INTO "instances" VALUES(6,'6b16a871e0125d16ae49198929e89185','steps','',0,0,1798765200000,1798765200000,'"é-parent"',NULL,'"stepping"',NULL,NULL,4,0,'parent','parent');
INSERT INTO "instances" VALUES(7,'works','steps','',0,0,1798765200000,1798765200000,'"é-works"',NULL,'"stepping"',NULL,'{"made by":"version 1","id":"works"}',NULL,NULL,NULL,NULL);
CREATE TABLE schema_version (version INTEGER NOT NULL);
INSERT INTO "schema_version" VALUES(1);
CREATE TABLE timers (
    instance INTEGER NOT NULL, task INTEGER NOT NULL, due INTEGER NOT NULL,
    PRIMARY KEY (instance, task)) WITHOUT ROWID;
INSERT INTO "timers" VALUES(5,-1,1799542800000);
INSERT INTO "timers" VALUES(6,1,1798768800000);
CREATE INDEX inbox_instance ON inbox (instance);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('instances',7);
COMMIT;
