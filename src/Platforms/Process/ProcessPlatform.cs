using Sluice.Domain.Plans;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Gateway.Control;

namespace Sluice.Platforms.Process;

/// <summary>Real processes of this machine, run by the gateway program.</summary>
/// <param name="client">The gateway of the data folder.</param>
/// <param name="secrets">Where values of variables come from; they are sent over the socket and kept in memory.</param>
/// <param name="baseDirectory">What a plan's relative directory is relative to.</param>
public sealed class ProcessPlatform(GatewayClient client, ISecretStore secrets, string baseDirectory) : IPlatform
{
    /// <inheritdoc/>
    public async Task<RevisionState> EnsureStartedAsync(RevisionRequest request, CancellationToken cancellationToken)
    {
        var target = request.Target;
        if (target.Environment.Platform is not PlatformSpec.Process process)
        {
            throw new PlatformException(
                PlatformError.Invalid, $"{target.Service}/{target.Environment.Name} is of the platform '{target.Environment.Platform.Kind}', not 'process'.");
        }

        var command = EffectiveCommand.Create(process, request.Version, request.Commit, baseDirectory);
        IReadOnlyList<VariableSpec> variables = [.. ToldOf(request), .. target.Environment.Variables];
        var values = await VariableValues.ResolveAsync(variables, secrets, cancellationToken);
        var spec = new RevisionSpec(
            target.Service,
            target.Environment.Name,
            request.Revision,
            command.Words,
            command.Directory,
            process.PortVariable,
            process.Health,
            process.ReadyWithin,
            process.Replicas,
            process.StopWithin,
            variables);
        return await client.CallAsync<RevisionState>(
            ControlProtocol.StartPath,
            new StartRevision(GatewayRouter.ListenerOf(target), spec, values, request.Fence, request.IdempotencyKey),
            cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<RevisionState> GetAsync(EnvironmentTarget target, string revision, CancellationToken cancellationToken) =>
        (await ListAsync(target, cancellationToken)).FirstOrDefault(r => r.Revision == revision)
        ?? new RevisionState(revision, RevisionPhase.Absent, 0, 0, 0, "");

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RevisionState>> ListAsync(EnvironmentTarget target, CancellationToken cancellationToken) =>
        (await client.CallAsync<RevisionList>(ControlProtocol.RevisionsPath, GatewayRouter.Key(target), cancellationToken)).Revisions;

    /// <inheritdoc/>
    public Task<RevisionState> EnsureStoppedAsync(EnvironmentTarget target, string revision, Fence fence, CancellationToken cancellationToken) =>
        client.CallAsync<RevisionState>(ControlProtocol.StopPath, new StopRevision(GatewayRouter.Key(target), revision, fence), cancellationToken);

    // What a program may want to say of itself; a variable of the plan with the same name wins.
    private static IEnumerable<VariableSpec> ToldOf(RevisionRequest request) =>
        new (string Name, string Value)[]
        {
            ("SLUICE_SERVICE", request.Target.Service),
            ("SLUICE_ENVIRONMENT", request.Target.Environment.Name),
            ("SLUICE_REVISION", request.Revision),
            ("SLUICE_VERSION", request.Version),
        }.Select(told => new VariableSpec(told.Name, Required: true, VariableFormat.Text, told.Value));
}
