using Microsoft.Extensions.Hosting;
using Sluice.Durable;
using Sluice.Functions.Hosting;
using Sluice.FunctionsProbe;

// The product's host with a few orchestrations more: what they meet is what the product's meet.
var builder = FunctionsHost.CreateBuilder(args);
var tasks = (DurableTasks)builder.Services.Single(s => s.ServiceType == typeof(DurableTasks)).ImplementationInstance!;
tasks
    .AddOrchestrator(Probes.Event, _ => new EventProbe())
    .AddOrchestrator(Probes.Work, _ => new WorkProbe())
    .AddOrchestrator(Probes.Family, _ => new FamilyProbe())
    .AddOrchestrator(Probes.Nap, _ => new NapProbe())
    .AddActivity(Probes.Do, _ => new DoActivity());
await builder.Build().RunAsync();
