-- Tables of the stand-in ERP: the names are made up, the shapes are common.
create table BD_MATERIAL (FNUMBER varchar(40) primary key, FNAME varchar(100), FSPEC varchar(100), FCATEGORY varchar(40),
  FUNIT varchar(10), FNETWEIGHT numeric(12,3), FDRAWING varchar(40), FENABLED char(1), FMODIFYDATE varchar(30));
create table BD_PARTNER (FNUMBER varchar(40) primary key, FNAME varchar(100), FROLE varchar(20), FTAXNO varchar(20),
  FLINKMAN varchar(40), FPHONE varchar(40), FADDRESS varchar(200), FMODIFYDATE varchar(30));
create table ENG_BOM (FBOMNO varchar(40), FSEQ integer, FPARENT varchar(40), FCHILD varchar(40), FQTY numeric(12,4),
  FUNIT varchar(10), FSCRAP numeric(6,2), FBEGINDATE varchar(30), primary key (FBOMNO, FSEQ));
create table ENG_ROUTING (FROUTENO varchar(40), FOPNO integer, FOPNAME varchar(60), FITEM varchar(40), FWORKCENTER varchar(40),
  FSETUPTIME numeric(10,1), FRUNTIME numeric(10,1), primary key (FROUTENO, FOPNO));
create table PRD_MO (FBILLNO varchar(40) primary key, FDATE varchar(30), FBILLTYPE varchar(20), FCUSTOMER varchar(40),
  FSRCBILLNO varchar(40), FSTATUS varchar(10), FREMARK varchar(200), FMODIFYDATE varchar(30));
create table PRD_MOENTRY (FBILLNO varchar(40), FENTRYID integer, FITEM varchar(40), FQTY numeric(12,2), FSTOCKINQTY numeric(12,2),
  FUNIT varchar(10), FPLANSTART varchar(30), FPLANEND varchar(30), FWORKSHOP varchar(40), primary key (FBILLNO, FENTRYID));
create table STK_INVENTORY (FITEM varchar(40), FLOT varchar(40), FSTOCK varchar(40), FQTY numeric(14,3), FUNIT varchar(10),
  FSTATUS varchar(20));
create table STK_LOT (FLOT varchar(40) primary key, FITEM varchar(40), FSUPPLIER varchar(40), FSUPPLYLOT varchar(60),
  FPRODUCEDATE varchar(30), FEXPIRYDATE varchar(30), FQCSTATUS varchar(20));
create table EMS_METER (FID integer primary key, FTIME varchar(30), FMETER varchar(40), FKWH numeric(14,3));
