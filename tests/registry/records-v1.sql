BEGIN TRANSACTION;
CREATE TABLE credentials (
	username TEXT NOT NULL, 
	tenant TEXT NOT NULL, 
	device TEXT NOT NULL, 
	proof TEXT NOT NULL, 
	created_us BIGINT NOT NULL, 
	PRIMARY KEY (username), 
	FOREIGN KEY(tenant) REFERENCES tenants (tenant)
);
CREATE TABLE devices (
	tenant TEXT NOT NULL, 
	device TEXT NOT NULL, 
	spec TEXT NOT NULL, 
	revision BIGINT NOT NULL, 
	file_digest TEXT NOT NULL, 
	changed_us BIGINT NOT NULL, 
	changed_by TEXT NOT NULL, 
	PRIMARY KEY (tenant, device), 
	FOREIGN KEY(tenant) REFERENCES tenants (tenant)
);
CREATE TABLE episodes (
	tenant TEXT NOT NULL, 
	id TEXT NOT NULL, 
	asset TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	start_us BIGINT NOT NULL, 
	end_us BIGINT, 
	title TEXT NOT NULL, 
	parent TEXT, 
	attributes TEXT NOT NULL, 
	simulated BOOLEAN NOT NULL, 
	seen_us BIGINT NOT NULL, 
	PRIMARY KEY (tenant, id), 
	FOREIGN KEY(tenant) REFERENCES tenants (tenant)
);
CREATE TABLE events (
	id INTEGER NOT NULL, 
	tenant TEXT NOT NULL, 
	time_us BIGINT NOT NULL, 
	kind TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "events" VALUES(1,'main',1,'device.added','device:plc','{"by":"test"}');
CREATE TABLE people (
	name TEXT NOT NULL, 
	tenant TEXT NOT NULL, 
	password_hash TEXT NOT NULL, 
	must_set_password BOOLEAN NOT NULL, 
	role TEXT NOT NULL, 
	language TEXT NOT NULL, 
	created_us BIGINT NOT NULL, 
	PRIMARY KEY (name), 
	FOREIGN KEY(tenant) REFERENCES tenants (tenant)
);
CREATE TABLE points (
	tenant TEXT NOT NULL, 
	number BIGINT NOT NULL, 
	name TEXT NOT NULL, 
	asset TEXT NOT NULL, 
	quantity TEXT NOT NULL, 
	device TEXT NOT NULL, 
	address TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	unit TEXT NOT NULL, 
	title TEXT NOT NULL, 
	spec TEXT NOT NULL, 
	first_device TEXT NOT NULL, 
	first_address TEXT NOT NULL, 
	discovered BOOLEAN NOT NULL, 
	created_us BIGINT NOT NULL, 
	retired_us BIGINT, 
	PRIMARY KEY (tenant, number), 
	UNIQUE (tenant, name), 
	FOREIGN KEY(tenant) REFERENCES tenants (tenant)
);
CREATE TABLE records_version (
	version INTEGER NOT NULL
);
INSERT INTO "records_version" VALUES(1);
CREATE TABLE sessions (
	digest TEXT NOT NULL, 
	person TEXT NOT NULL, 
	created_us BIGINT NOT NULL, 
	expires_us BIGINT NOT NULL, 
	PRIMARY KEY (digest), 
	FOREIGN KEY(person) REFERENCES people (name) ON DELETE CASCADE
);
CREATE TABLE settings (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE tenants (
	tenant TEXT NOT NULL, 
	title TEXT NOT NULL, 
	created_us BIGINT NOT NULL, 
	PRIMARY KEY (tenant)
);
INSERT INTO "tenants" VALUES('main','',1);
CREATE TABLE tokens (
	token TEXT NOT NULL, 
	tenant TEXT NOT NULL, 
	person TEXT, 
	title TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	role TEXT NOT NULL, 
	created_us BIGINT NOT NULL, 
	PRIMARY KEY (token), 
	FOREIGN KEY(tenant) REFERENCES tenants (tenant), 
	FOREIGN KEY(person) REFERENCES people (name) ON DELETE CASCADE, 
	UNIQUE (digest)
);
CREATE INDEX events_by_subject ON events (tenant, subject, time_us);
CREATE INDEX events_by_time ON events (tenant, time_us);
CREATE INDEX points_by_device ON points (tenant, device);
CREATE INDEX episodes_by_asset ON episodes (tenant, asset, start_us);
COMMIT;
