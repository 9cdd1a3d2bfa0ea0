using Sluice.EngineProcess;

// An engine in a process of its own, for tests that kill it.
switch (args)
{
    case ["mixed", var folder]:
        await MixedWork.RunAsync(folder);
        return 0;
    case ["many", var folder, var first, var count]:
        await ManyWorkflows.RunAsync(folder, int.Parse(first), int.Parse(count));
        return 0;
    case ["deadly", var folder]:
        await DeadlyTurn.RunAsync(folder);
        return 0;
    case ["hold", var folder]:
        await Holding.RunAsync(folder);
        return 0;
    default:
        await Console.Error.WriteLineAsync("usage: EngineProcess mixed FOLDER | many FOLDER FIRST COUNT | hold FOLDER | deadly FOLDER");
        return 2;
}
