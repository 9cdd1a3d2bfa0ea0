using Sluice.Cli.CommandLine;

// The hidden verb that starts other programs must load nothing else: revisions wait for it.
return args is ["run-detached", ..]
    ? RunDetached.Run(args[1..])
    : await SluiceCommand.RunAsync(args, Terminal.OfConsole());
