namespace Sluice.Cli.CommandLine;

