using Sluice.Platforms.Gateway.Control;
using Sluice.Platforms.Process;
using Sluice.TestService;

// Two programs in one, so that tests need to build only one: a service to run, and the gateway that runs it.
return args switch
{
    ["gateway", "--data", var folder] => await GatewayProgram.RunAsync(folder, CancellationToken.None, new SupervisorOptions
    {
        ProbeEvery = TimeSpan.FromMilliseconds(200),
        ProbeEveryAtStart = TimeSpan.FromMilliseconds(50),
        FirstBackOff = TimeSpan.FromMilliseconds(50),
        LongestBackOff = TimeSpan.FromMilliseconds(400),
        LookEvery = TimeSpan.FromMilliseconds(20),
    }),
    ["serve", .. var switches] => await Service.RunAsync(switches),
    _ => 2,
};
