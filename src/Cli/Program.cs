using Sluice.Cli.CommandLine;

return await SluiceCommand.RunAsync(args, Terminal.OfConsole());
