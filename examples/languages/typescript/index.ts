import * as pulumi from "@pulumi/pulumi";
import * as fsxdr from "pulumi-fsx-dr";

const kmsKeyId = new pulumi.Config().require("kmsKeyId");

const dr = new fsxdr.DrRegion("dr", {
    region: "eu-west-1",
    sources: [
        { fileSystemId: "fs-0123456789abcdef0", region: "eu-central-1" },
        { fileSystemId: "fs-0123456789abcdef1", region: "us-east-1", keep: 1 },
    ],
    kmsKeyId,
    keep: 2,
});

new fsxdr.BackupCopy("ledger", {
    sourceBackupId: "backup-0123456789abcdef0",
    sourceRegion: "eu-central-1",
    region: "eu-west-1",
    kmsKeyId,
    tags: { team: "storage" },
});

export const latest = dr.latest;
export const copies = dr.copies;
