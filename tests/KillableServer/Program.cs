using System.Runtime.InteropServices;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Serve;
using Sluice.KillableServer;

// The product's own program, except that its server can be told, by a file in the data folder, to kill itself at a moment of its work.
if (args is not ["serve", "--data", var path])
{
    return await SluiceCommand.RunAsync(args, Terminal.OfConsole());
}

using var told = new CancellationTokenSource();
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
{
    signal.Cancel = true;
    told.Cancel();
});
var folder = DataFolder.Find(path);
var killer = new Killer(folder);
try
{
    return await ServerProgram.RunAsync(
        folder, new Dictionary<string, string?>(), verbose: true, Terminal.OfConsole(), killer.Watch, told.Token);
}
catch (CannotServeException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return ExitCode.Failed;
}
