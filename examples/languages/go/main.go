package main

import (
	"example.com/pulumi-fsx-dr/sdk/go/fsxdr"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		kmsKeyId := pulumi.String(config.New(ctx, "").Require("kmsKeyId"))

		dr, err := fsxdr.NewDrRegion(ctx, "dr", &fsxdr.DrRegionArgs{
			Region: "eu-west-1",
			Sources: []fsxdr.SourceArgs{
				{FileSystemId: pulumi.StringRef("fs-0123456789abcdef0"), Region: "eu-central-1"},
				{FileSystemId: pulumi.StringRef("fs-0123456789abcdef1"), Region: "us-east-1", Keep: pulumi.IntRef(1)},
			},
			KmsKeyId: kmsKeyId,
			Keep:     pulumi.IntRef(2),
		})
		if err != nil {
			return err
		}

		_, err = fsxdr.NewBackupCopy(ctx, "ledger", &fsxdr.BackupCopyArgs{
			SourceBackupId: pulumi.String("backup-0123456789abcdef0"),
			SourceRegion:   pulumi.String("eu-central-1"),
			Region:         pulumi.String("eu-west-1"),
			KmsKeyId:       kmsKeyId,
			Tags:           pulumi.StringMap{"team": pulumi.String("storage")},
		})
		if err != nil {
			return err
		}

		ctx.Export("latest", dr.Latest)
		ctx.Export("copies", dr.Copies)
		return nil
	})
}
