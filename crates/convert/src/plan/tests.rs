//! Small graphs, planned and tried out in every way there is.

use automcu_model::{Edge, Extent, GraphBuilder, Op, Origin, Shape, spec::Activation};

use super::{place::first_fit_in_every_order, *};

const CONV3: Op = conv(3, 1);
const ADD: Op = Op::Add { activation: Activation::None };

const fn conv(side: u32, stride: u32) -> Op {
    let (kernel, stride) = (Extent { height: side, width: 1 }, Extent { height: stride, width: 1 });
    Op::Conv { kernel, stride, padding: Edge::Same, bias: true, activation: Activation::None }
}

/// A graph of operations, each with the tensors that it reads and the height and channels of what it writes.
fn graph(input: (u32, u32), nodes: &[(Op, &[usize], (u32, u32))]) -> Graph {
    let shape = |(height, channels): (u32, u32)| Shape { height, width: 1, channels };
    let mut graph = GraphBuilder::new(shape(input)).expect("small");
    let mut tensors = vec![Graph::INPUT];
    for (op, inputs, output) in nodes {
        let ends = inputs.iter().map(|&input| tensors[input]).collect();
        tensors.push(graph.add(*op, ends, shape(*output), Origin::Head).expect("small"));
    }
    graph.finish(*tensors.last().expect("the input"))
}

/// Every order of steps that dependencies allow.
fn every_course(graph: &Graph, works: &[Work]) -> Vec<Vec<usize>> {
    let mut found = Vec::new();
    let mut complete = vec![0; graph.tensors().len()];
    complete[0] = graph.shape(Graph::INPUT).height;
    extend(graph, works, &mut vec![0; works.len()], &mut complete, &mut Vec::new(), &mut found);
    found
}

fn extend(
    graph: &Graph,
    works: &[Work],
    done: &mut Vec<u32>,
    complete: &mut Vec<u32>,
    steps: &mut Vec<usize>,
    found: &mut Vec<Vec<usize>>,
) {
    if works.iter().zip(done.iter()).all(|(work, &done)| done == work.steps) {
        found.push(steps.clone());
        return;
    }
    for place in 0..works.len() {
        let (node, work) = (&graph.nodes()[place], &works[place]);
        let step = done[place];
        let can = |complete: &[u32]| {
            let mut inputs = node.inputs.iter().enumerate();
            inputs.all(|(i, input)| work.reads(i, step).end <= complete[input.index()])
        };
        if step == work.steps || !can(complete) {
            continue;
        }
        let before = complete[node.output.index()];
        let (row, is_complete) = work.writes(step);
        if is_complete {
            complete[node.output.index()] = row + 1;
        }
        done[place] += 1;
        steps.push(place);
        extend(graph, works, done, complete, steps, found);
        steps.pop();
        done[place] -= 1;
        complete[node.output.index()] = before;
    }
}

/// The least arena over every order of steps and every order of placement.
fn by_brute_force(graph: &Graph, workspaces: &[Workspace]) -> (u32, usize) {
    let planning = Planning::of(graph, workspaces.to_vec());
    let streams = planning.streams();
    let courses = every_course(graph, &planning.works);
    let count = courses.len();
    let least = courses.into_iter().map(|steps| {
        let course = streams.lives(steps);
        first_fit_in_every_order(&planning.rings(&course).all)
    });
    (least.min().expect("a course"), count)
}

#[test]
fn the_plan_of_a_small_graph_is_as_good_as_any() {
    let pool = Op::GlobalAverage;
    let scratch = |bytes| Workspace { scratch: bytes, kept: 0 };
    let cases: [(&str, Graph, Vec<Workspace>); 7] = [
        ("a convolution", graph((4, 4), &[(CONV3, &[0], (4, 4))]), vec![scratch(4)]),
        (
            "two convolutions",
            graph((4, 4), &[(CONV3, &[0], (4, 8)), (CONV3, &[1], (4, 4))]),
            vec![scratch(4), scratch(8)],
        ),
        (
            "wide, then narrow",
            graph((4, 4), &[(conv(1, 1), &[0], (4, 16)), (CONV3, &[1], (4, 4)), (conv(1, 1), &[2], (4, 4))]),
            vec![scratch(4); 3],
        ),
        (
            "a stride and a mean",
            graph((4, 4), &[(CONV3, &[0], (4, 8)), (conv(3, 2), &[1], (2, 8)), (pool, &[2], (1, 8))]),
            vec![scratch(4), scratch(4), Workspace { scratch: 0, kept: 32 }],
        ),
        (
            "a residual",
            graph((3, 4), &[(CONV3, &[0], (3, 8)), (CONV3, &[1], (3, 8)), (ADD, &[1, 2], (3, 8))]),
            vec![scratch(4), scratch(8), Workspace::default()],
        ),
        (
            "a gate, before which the whole map is kept",
            graph((3, 4), &[(CONV3, &[0], (3, 8)), (pool, &[1], (1, 8)), (Op::Scale, &[1, 2], (3, 8))]),
            vec![scratch(4), Workspace { scratch: 0, kept: 32 }, Workspace::default()],
        ),
        (
            "two branches",
            graph((3, 4), &[(CONV3, &[0], (3, 4)), (conv(1, 1), &[0], (3, 4)), (Op::Concat, &[1, 2], (3, 8))]),
            vec![scratch(4), scratch(4), Workspace::default()],
        ),
    ];
    for (name, graph, workspaces) in cases {
        let plan = Plan::with(&graph, vec![Layout::Pixels; graph.tensors().len()], workspaces.clone());
        let (least, courses) = by_brute_force(&graph, &workspaces);
        assert!(courses >= 1 && plan.arena_bytes == least, "{name}: {} bytes, {least} of {courses}", plan.arena_bytes);
    }
}
